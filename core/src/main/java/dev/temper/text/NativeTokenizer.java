package dev.temper.text;

import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.lang.ref.Cleaner;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * One tokenizer of the Rust library {@code tokenizers}, through DJL's native bindings.
 *
 * <p>A Rust panic cannot be caught here: it ends the JVM. So the JSON must have passed {@link
 * TokenizerJson}, and every argument is checked before it goes down. Ordinary Rust errors become
 * {@link TokenizerException}. Calls may come from any number of threads; closing waits for the
 * calls in flight.
 */
final class NativeTokenizer implements AutoCloseable {
  /**
   * Longest text in UTF-16 units. The regular expression engine gives up, by a panic, after ten
   * million steps in one match; a match of a sane pattern takes about one step per character.
   */
  static final int MAX_TEXT = 4_000_000;

  private static final Cleaner CLEANER = Cleaner.create();

  private final Handle handle;
  private final Cleaner.Cleanable cleanable;

  NativeTokenizer(String json) {
    Library.load();
    try {
      handle = new Handle(TokenizersLibrary.LIB.createTokenizerFromString(json));
    } catch (RuntimeException e) {
      throw new TokenizerException("tokenizer.json is not a tokenizer: " + e.getMessage(), e);
    }
    cleanable = CLEANER.register(this, handle);
  }

  int[] ids(String text, AddSpecialTokens special) {
    return withEncoding(text, special, e -> toInts(TokenizersLibrary.LIB.getTokenIds(e)));
  }

  Encoding encode(String text, AddSpecialTokens special) {
    return withEncoding(
        text,
        special,
        e -> {
          int[] ids = toInts(TokenizersLibrary.LIB.getTokenIds(e));
          @Nullable CharSpan[] spans = TokenizersLibrary.LIB.getTokenCharSpans(e);
          CodePoints points = new CodePoints(text);
          int[] starts = new int[ids.length];
          int[] ends = new int[ids.length];
          for (int i = 0; i < ids.length; i++) {
            CharSpan span = spans[i];
            if (span != null) {
              starts[i] = points.toUtf16(span.getStart());
              ends[i] = points.toUtf16(span.getEnd());
            }
          }
          return new Encoding(ids, TokenizersLibrary.LIB.getTokens(e), starts, ends);
        });
  }

  String decode(int[] ids, boolean skipSpecialTokens) {
    long[] wide = new long[ids.length];
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0) {
        throw new TokenizerException(
            "token id "
                + ids[i]
                + " at position "
                + i
                + " is negative: ids are 0 or larger (mask them before decoding)");
      }
      wide[i] = ids[i];
    }
    return call(
        h -> TokenizersLibrary.LIB.decode(h, wide, skipSpecialTokens),
        "decode " + ids.length + " ids");
  }

  private <T> T withEncoding(String text, AddSpecialTokens special, LongFunction<T> read) {
    if (text.length() > MAX_TEXT) {
      throw new TokenizerException(
          "the text has "
              + text.length()
              + " UTF-16 units; one call takes at most "
              + MAX_TEXT
              + ": split it (at paragraph borders, for example)");
    }
    String valid = CodePoints.replaceLoneSurrogates(text);
    return call(
        h -> {
          long encoding = TokenizersLibrary.LIB.encode(h, valid, special == AddSpecialTokens.YES);
          try {
            return read.apply(encoding);
          } finally {
            TokenizersLibrary.LIB.deleteEncoding(encoding);
          }
        },
        "encode a text of " + text.length() + " UTF-16 units");
  }

  private <T> T call(LongFunction<T> body, String what) {
    handle.lock.readLock().lock();
    try {
      if (handle.address == 0) {
        throw new IllegalStateException("this tokenizer is closed");
      }
      return body.apply(handle.address);
    } catch (TokenizerException | IllegalStateException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new TokenizerException("the tokenizer cannot " + what + ": " + e.getMessage(), e);
    } finally {
      handle.lock.readLock().unlock();
      java.lang.ref.Reference.reachabilityFence(this);
    }
  }

  private static int[] toInts(long[] values) {
    int[] result = new int[values.length];
    for (int i = 0; i < values.length; i++) {
      result[i] = Math.toIntExact(values[i]);
    }
    return result;
  }

  @Override
  public void close() {
    cleanable.clean();
  }

  /** The native address; freed once, by {@link #close} or when the owner is unreachable. */
  private static final class Handle implements Runnable {
    final ReadWriteLock lock = new ReentrantReadWriteLock();
    private long address;

    Handle(long address) {
      this.address = address;
    }

    @Override
    public void run() {
      lock.writeLock().lock();
      try {
        if (address != 0) {
          TokenizersLibrary.LIB.deleteTokenizer(address);
          address = 0;
        }
      } finally {
        lock.writeLock().unlock();
      }
    }
  }

  /** The native library, loaded once. */
  private static final class Library {
    static {
      // The jar holds the CPU build; without this, DJL downloads a CUDA build on machines that have
      // a GPU.
      if (System.getenv("RUST_FLAVOR") == null && System.getProperty("RUST_FLAVOR") == null) {
        System.setProperty("RUST_FLAVOR", "cpu");
      }
    }

    static void load() {
      LibUtils.checkStatus();
    }
  }
}
