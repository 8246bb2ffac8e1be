package dev.temper.train;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Something that changes what a model computes and can be switched off for a while: an adapter. */
public interface Switch {
  /** Runs {@code body} as if this were not there. */
  <T extends @Nullable Object> T disabled(Supplier<T> body);
}
