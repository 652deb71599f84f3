package dev.limpid.vm.qmp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.JsonObject;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Talks with a monitor that says all sorts of things. */
@Timeout(60)
class QmpClientTest {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final Duration SHORT = Duration.ofMillis(50);
  private static final String ENDED = "QEMU's monitor: the connection has ended";
  private static final String EVENT =
      "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \"RESUME\"}\r\n";

  @TempDir private Path directory;

  static List<Arguments> wrongGreetings() {
    return List.of(
        Arguments.of("", ENDED),
        Arguments.of("{\"QMP\"", ENDED),
        Arguments.of("\n", "QEMU's monitor: QMP:1:1: empty: a JSON value is expected"),
        Arguments.of("{}\n", "QEMU's monitor: no greeting"),
        Arguments.of(EVENT, "QEMU's monitor: no greeting"),
        Arguments.of("[]\n", "QEMU's monitor: QMP: must be an object, found an array"),
        Arguments.of("\"QMP\"\n", "QEMU's monitor: QMP: must be an object, found a string"));
  }

  @ParameterizedTest
  @MethodSource("wrongGreetings")
  void refusesGreetings(String greeting, String problem) throws Exception {
    try (FakeQemu qemu = FakeQemu.sayingAndHangingUp(directory, greeting)) {
      IOException e = assertThrows(IOException.class, () -> QmpClient.connect(directory, LONG));

      assertEquals(problem, e.getMessage());
      assertEquals(List.of(), qemu.received());
    }
  }

  @Test
  void saysThatNobodyListens() {
    IOException e = assertThrows(IOException.class, () -> QmpClient.connect(directory, LONG));

    assertTrue(e.getMessage().startsWith(directory.resolve("qmp.sock") + ": "), e.getMessage());
  }

  @Test
  void doesNotWaitForAGreetingForEver() throws Exception {
    try (FakeQemu qemu = FakeQemu.saying(directory)) {
      assertThrows(SocketTimeoutException.class, () -> QmpClient.connect(directory, SHORT));
      assertEquals(List.of(), qemu.received());
    }
  }

  static List<Arguments> wrongAnswers() {
    return List.of(
        Arguments.of("", ENDED),
        Arguments.of(EVENT, ENDED),
        Arguments.of("{\"return\": {}}", ENDED),
        Arguments.of("{}\n", "QEMU's monitor: neither an answer nor an event"),
        Arguments.of("[]\n", "QEMU's monitor: QMP: must be an object, found an array"),
        Arguments.of(
            "{\"error\": \"x\"}\n",
            "QEMU's monitor: QMP: error: must be an object, found a string"),
        Arguments.of(
            "{\"error\": {}}\n", "QEMU's monitor: QMP: error.desc: is required, but missing"),
        Arguments.of(
            "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"no such command\"}}\n",
            "query-status: no such command"),
        Arguments.of(
            "x".repeat((1 << 20) + 1), "QEMU's monitor: a line of more than 1048576 bytes"));
  }

  @ParameterizedTest
  @MethodSource("wrongAnswers")
  void refusesAnswers(String answer, String problem) throws Exception {
    try (FakeQemu qemu =
            FakeQemu.sayingAndHangingUp(directory, FakeQemu.GREETING, FakeQemu.DONE, answer);
        QmpClient client = QmpClient.connect(directory, LONG)) {
      IOException e = assertThrows(IOException.class, () -> client.execute("query-status", LONG));

      assertEquals(problem, e.getMessage());
      assertEquals(
          List.of("{\"execute\":\"qmp_capabilities\"}", "{\"execute\":\"query-status\"}"),
          qemu.received());
    }
  }

  @Test
  void doesNotWaitForAnAnswerForEver() throws Exception {
    try (FakeQemu qemu = FakeQemu.saying(directory, FakeQemu.GREETING, FakeQemu.DONE, EVENT);
        QmpClient client = QmpClient.connect(directory, LONG)) {
      assertThrows(SocketTimeoutException.class, () -> client.execute("query-status", SHORT));
      assertEquals(2, qemu.received(2).size());
    }
  }

  @Test
  void goesOnAfterAnError() throws Exception {
    try (FakeQemu qemu =
            FakeQemu.saying(
                directory,
                FakeQemu.GREETING,
                FakeQemu.DONE,
                "{\"error\": {\"class\": \"GenericError\", \"desc\": \"not now\"}}\r\n",
                "{\"return\": {\"status\": \"running\"}}\r\n");
        QmpClient client = QmpClient.connect(directory, LONG)) {
      QmpException e = assertThrows(QmpException.class, () -> client.execute("stop", LONG));

      assertEquals("stop: not now", e.getMessage());
      assertEquals("running", client.execute("query-status", LONG).requiredString("status"));
      assertEquals(3, qemu.received().size());
    }
  }

  @Test
  void dropsEventsInBetween() throws Exception {
    try (FakeQemu qemu =
            FakeQemu.saying(
                directory,
                FakeQemu.GREETING + EVENT,
                EVENT + FakeQemu.DONE + EVENT,
                EVENT + EVENT + "{\"return\": {\"status\": \"paused\"}}\n");
        QmpClient client = QmpClient.connect(directory, LONG)) {
      assertEquals("paused", client.execute("query-status", LONG).requiredString("status"));
      assertEquals(2, qemu.received().size());
    }
  }

  @Test
  void takesLongAnswers() throws Exception {
    String status = "x".repeat(1_000_000);
    try (FakeQemu qemu =
            FakeQemu.saying(
                directory,
                FakeQemu.GREETING,
                FakeQemu.DONE,
                "{\"return\": {\"status\": \"" + status + "\"}}\n",
                FakeQemu.DONE);
        QmpClient client = QmpClient.connect(directory, LONG)) {
      assertEquals(status, client.execute("query-status", LONG).requiredString("status"));
      assertTrue(client.execute("cont", LONG).asObject().isEmpty());
      assertEquals(3, qemu.received().size());
    }
  }

  @Test
  void sendsArguments() throws Exception {
    try (FakeQemu qemu =
            FakeQemu.saying(directory, FakeQemu.GREETING, FakeQemu.DONE, FakeQemu.DONE);
        QmpClient client = QmpClient.connect(directory, LONG)) {
      client.execute("migrate", JsonObject.empty().with("uri", "file:/x\n"), LONG);

      assertEquals(
          "{\"execute\":\"migrate\",\"arguments\":{\"uri\":\"file:/x\\n\"}}",
          qemu.received().get(1));
    }
  }
}
