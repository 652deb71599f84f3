package dev.limpid.proto.socket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeadlineTest {
  @ParameterizedTest
  @ValueSource(longs = {0, -1, -60, Long.MIN_VALUE})
  void isOverAtOnce(long seconds) {
    Deadline deadline = Deadline.in(Duration.ofSeconds(seconds));

    assertTrue(deadline.isOver());
    assertEquals(1, deadline.remainingMillis());
  }

  @ParameterizedTest
  @ValueSource(longs = {60, 1_000_000_000_000L, Long.MAX_VALUE})
  void isNotOverYet(long seconds) {
    Deadline deadline = Deadline.in(Duration.ofSeconds(seconds));

    assertFalse(deadline.isOver());
    assertTrue(deadline.remainingMillis() > 1);
  }

  @Test
  void remainingTimeIsRoundedUp() {
    long millis = Deadline.in(Duration.ofSeconds(60)).remainingMillis();

    assertTrue(millis > 0 && millis <= 60_000, millis + " ms");
  }

  @Test
  void passes() throws InterruptedException {
    Deadline deadline = Deadline.in(Duration.ofMillis(1));

    Thread.sleep(2);

    assertTrue(deadline.isOver());
  }

  @ParameterizedTest
  @CsvSource({"0, 0 s", "1, 1 ms", "999, 999 ms", "1000, 1 s", "1500, 1500 ms", "60000, 60 s"})
  void readsWellInMessages(long millis, String text) {
    assertEquals(text, Deadline.in(Duration.ofMillis(millis)).toString());
  }
}
