package dev.temper.generate.remote;

/** The two shapes of requests and answers. */
enum Protocol {
  /** {@code /chat/completions}: messages in, messages out. */
  CHAT("chat/completions"),
  /** {@code /completions}: text or token ids in, text out. */
  TEXT("completions");

  final String operation;

  Protocol(String operation) {
    this.operation = operation;
  }
}
