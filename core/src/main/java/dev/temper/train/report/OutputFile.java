package dev.temper.train.report;

import static java.util.Objects.requireNonNull;

/**
 * Something a run wrote, and who can read it.
 *
 * @param path the file or directory, as the reader of the report should find it
 * @param content what it is, such as {@code LoRA adapter}
 * @param readBy the programs that load it, such as {@code PEFT, vLLM}
 */
public record OutputFile(String path, String content, String readBy) {
  /** Checks that everything is given. */
  public OutputFile {
    requireNonNull(path, "path");
    requireNonNull(content, "content");
    requireNonNull(readBy, "readBy");
  }
}
