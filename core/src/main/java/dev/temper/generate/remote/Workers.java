package dev.temper.generate.remote;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/** Runs numbered tasks on a few threads that take the next one when they are done with theirs. */
final class Workers {
  private Workers() {}

  /** One task. */
  @FunctionalInterface
  interface Task {
    void run(int index) throws InterruptedException;
  }

  /**
   * Runs all tasks. The first failure ends the others and is thrown; an interrupt of the caller
   * ends them all, quietly, and the caller stays interrupted.
   */
  static void run(int tasks, int threads, Task task) {
    int count = Math.min(tasks, threads);
    AtomicInteger next = new AtomicInteger();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    CountDownLatch running = new CountDownLatch(count);
    ExecutorService pool = Executors.newFixedThreadPool(Math.max(1, count), Transport::daemon);
    for (int w = 0; w < count; w++) {
      pool.execute(
          () -> {
            try {
              for (int i = next.getAndIncrement(); i < tasks; i = next.getAndIncrement()) {
                task.run(i);
              }
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt(); // the call is being ended
            } catch (RuntimeException | Error e) {
              failure.compareAndSet(null, e);
              pool.shutdownNow();
            } finally {
              running.countDown();
            }
          });
    }
    try {
      running.await();
      pool.shutdown();
    } catch (InterruptedException e) {
      pool.shutdownNow();
      awaitQuietly(pool);
      Thread.currentThread().interrupt();
    }
    Throwable thrown = failure.get();
    if (thrown instanceof RuntimeException e) {
      throw e;
    }
    if (thrown instanceof Error e) {
      throw e;
    }
  }

  private static void awaitQuietly(ExecutorService pool) {
    try {
      if (!pool.awaitTermination(10, TimeUnit.SECONDS)) {
        throw new IllegalStateException("requests did not end after an interrupt");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
