package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Waits for things to become so. */
final class Await {
  /** How long anything may take that does not depend on a program's own patience. */
  static final int PATIENCE_SECONDS = 30;

  private Await() {}

  /** Until a condition holds; fails if it takes too long. */
  static void until(String what, Callable<Boolean> condition) throws Exception {
    until(what, PATIENCE_SECONDS, condition);
  }

  static void until(String what, int seconds, Callable<Boolean> condition) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    while (!condition.call()) {
      if (System.nanoTime() - deadline > 0) {
        fail("after " + seconds + " s still not so: " + what);
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
    }
  }
}
