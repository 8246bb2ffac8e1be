package dev.temper.generate.remote;

import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Reads an answer piece by piece, and breaks it off when it is larger than allowed. */
final class LimitedBody implements HttpResponse.BodySubscriber<Boolean> {
  private final int limit;
  private final Consumer<byte[]> pieces;
  private final CompletableFuture<Boolean> done = new CompletableFuture<>();
  private volatile Flow.@Nullable Subscription subscription;
  private volatile boolean aborted;
  private long read;

  LimitedBody(int limit, Consumer<byte[]> pieces) {
    this.limit = limit;
    this.pieces = pieces;
  }

  @Override
  public CompletionStage<Boolean> getBody() {
    return done;
  }

  @Override
  public void onSubscribe(Flow.Subscription s) {
    subscription = s;
    if (aborted) {
      s.cancel();
    } else {
      s.request(1);
    }
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    Flow.Subscription s = subscription;
    if (s == null || aborted) {
      return;
    }
    try {
      for (ByteBuffer buffer : buffers) {
        read += buffer.remaining();
        if (read > limit) {
          throw new RemoteException(
              "the server's answer has more than "
                  + limit
                  + " bytes: ask for less, or raise the largest answer");
        }
        byte[] piece = new byte[buffer.remaining()];
        buffer.get(piece);
        pieces.accept(piece);
      }
      s.request(1);
    } catch (RuntimeException | Error e) {
      s.cancel();
      done.completeExceptionally(e);
    }
  }

  @Override
  public void onError(Throwable e) {
    done.completeExceptionally(e);
  }

  @Override
  public void onComplete() {
    done.complete(true);
  }

  /** Stops reading. */
  void abort() {
    aborted = true;
    Flow.Subscription s = subscription;
    if (s != null) {
      s.cancel();
    }
  }
}
