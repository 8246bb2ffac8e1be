package dev.temper.text.jinja;

/** Python's {@code None}. */
enum None {
  NONE
}
