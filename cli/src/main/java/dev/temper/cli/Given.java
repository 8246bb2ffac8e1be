package dev.temper.cli;

import dev.temper.UserException;
import org.jspecify.annotations.Nullable;

/** Options that must be there once a command runs. */
final class Given {
  private Given() {}

  static <T> T of(@Nullable T value, String option) {
    if (value == null) {
      throw new UserException(option + " is missing");
    }
    return value;
  }
}
