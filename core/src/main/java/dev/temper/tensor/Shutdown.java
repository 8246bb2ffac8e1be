package dev.temper.tensor;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Lets native work finish before the JVM goes away.
 *
 * <p>When SIGTERM or Ctrl-C arrives while a native call runs, the exit handlers of libtorch free
 * what the call is using and the JVM dies with SIGSEGV. A shutdown hook therefore asks running
 * loops to stop ({@link #requested()}), waits until no outermost {@link Scope} is open and then
 * lets the JVM exit; work that would start after that moment is parked, since nothing can come of
 * it.
 */
public final class Shutdown {
  private static final Duration GRACE = Duration.ofMinutes(10);

  private static final ReentrantLock LOCK = new ReentrantLock();
  private static final Condition IDLE = LOCK.newCondition();
  private static volatile boolean requested;
  private static boolean closed;
  private static int active;
  private static boolean installed;

  private Shutdown() {}

  /**
   * Whether the process was asked to end. Long loops poll this between steps, save their state and
   * return.
   */
  public static boolean requested() {
    return requested;
  }

  /**
   * Runs work that must be complete before the JVM may exit, such as "finish the step and save".
   * May be nested; scopes use it themselves.
   */
  public static void guard(Runnable work) {
    enter();
    try {
      work.run();
    } finally {
      exit();
    }
  }

  static void install() {
    LOCK.lock();
    try {
      if (!installed) {
        installed = true;
        Runtime.getRuntime().addShutdownHook(new Thread(Shutdown::drain, "temper-shutdown"));
      }
    } finally {
      LOCK.unlock();
    }
  }

  static void enter() {
    LOCK.lock();
    try {
      if (closed && active == 0) {
        park();
      }
      active++;
    } finally {
      LOCK.unlock();
    }
  }

  static void exit() {
    LOCK.lock();
    try {
      active--;
      if (active == 0) {
        IDLE.signalAll();
      }
    } finally {
      LOCK.unlock();
    }
  }

  private static void drain() {
    requested = true;
    LOCK.lock();
    try {
      long left = GRACE.toNanos();
      while (active > 0 && left > 0) {
        left = IDLE.awaitNanos(left);
      }
      closed = true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      LOCK.unlock();
    }
  }

  /**
   * The JVM is exiting and native memory is about to go: a thread that asks for more must not run
   * on.
   */
  private static void park() {
    while (closed) {
      IDLE.awaitUninterruptibly();
      try {
        TimeUnit.DAYS.sleep(1);
      } catch (InterruptedException e) {
        // Still no way forward.
      }
    }
  }
}
