package dev.limpid.vm.device;

import java.io.IOException;
import java.time.Duration;

/** The wait for a guest to let go of a device that is plugged out. */
final class Removal {
  /** How often QEMU is asked. */
  private static final long LOOK_AGAIN_MS = 5;

  private Removal() {}

  /** One question. */
  @FunctionalInterface
  interface Question {
    /** Whether the device is gone. */
    boolean isGone() throws IOException;
  }

  /**
   * Asks until the device is gone, once at least.
   *
   * @return false if it is not, in time
   */
  static boolean await(Question question, Duration patience) throws IOException {
    long deadline = System.nanoTime() + patience.toNanos();
    while (!question.isGone()) {
      if (System.nanoTime() - deadline > 0) {
        return false;
      }
      try {
        Thread.sleep(LOOK_AGAIN_MS);
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
    return true;
  }
}
