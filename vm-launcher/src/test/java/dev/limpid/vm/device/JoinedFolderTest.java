package dev.limpid.vm.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.vm.qmp.FakeQemu;
import dev.limpid.vm.qmp.QmpClient;
import dev.limpid.vm.qmp.QmpException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a monitor is told when a folder comes and goes. */
@Timeout(60)
class JoinedFolderTest {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final String REMOVAL =
      "{\"execute\":\"chardev-remove\",\"arguments\":{\"id\":\"share3\"}}";
  private static final String BUSY = failure("Chardev 'share3' is busy");

  private final JoinedFolder folder = new JoinedFolder(3);

  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 32})
  void hasASlot(int container) {
    assertThrows(IllegalArgumentException.class, () -> new JoinedFolder(container));
  }

  @Test
  void isPluggedIntoItsSlot() throws Exception {
    List<String> received =
        talk(qmp -> folder.plug(qmp, "a.sock", LONG), FakeQemu.DONE, FakeQemu.DONE);

    assertEquals(
        List.of(
            "{\"execute\":\"chardev-add\",\"arguments\":{\"id\":\"share3\",\"backend\":{\"type\":"
                + "\"socket\",\"data\":{\"addr\":{\"type\":\"unix\",\"data\":{\"path\":\"a.sock\"}},"
                + "\"server\":false}}}}",
            "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"vhost-user-fs-pci\",\"id\":"
                + "\"folder3\",\"chardev\":\"share3\",\"tag\":\"joined3\",\"queue-size\":1024,"
                + "\"bus\":\"joined\",\"addr\":\"3\"}}"),
        received);
  }

  @Test
  void leavesNothingWhenItIsRefused() throws Exception {
    List<String> received =
        talk(
            qmp -> assertThrows(QmpException.class, () -> folder.plug(qmp, "a.sock", LONG)),
            FakeQemu.DONE,
            failure("no"),
            FakeQemu.DONE);

    assertEquals(REMOVAL, received.get(2));
  }

  @Test
  void isGoneWhenQemuLetsGoOfItsSocket() throws Exception {
    List<String> received =
        talk(qmp -> assertTrue(folder.unplug(qmp, LONG)), FakeQemu.DONE, BUSY, BUSY, FakeQemu.DONE);

    assertEquals(
        List.of(
            "{\"execute\":\"device_del\",\"arguments\":{\"id\":\"folder3\"}}",
            REMOVAL,
            REMOVAL,
            REMOVAL),
        received);
  }

  @Test
  void isGoneWhenItWasNeverThere() throws Exception {
    talk(
        qmp -> assertTrue(folder.unplug(qmp, LONG)),
        failure("Device 'folder3' not found"),
        failure("Chardev 'share3' not found"));
  }

  @Test
  void aGuestThatDoesNotLetGoIsNotWaitedForForEver() throws Exception {
    String[] answers = new String[1000];
    Arrays.fill(answers, BUSY);
    answers[0] = FakeQemu.DONE;

    talk(qmp -> assertFalse(folder.unplug(qmp, Duration.ofMillis(500))), answers);
  }

  private interface Talk {
    void with(QmpClient qmp) throws IOException;
  }

  /** What the monitor has been told, after its greeting was answered. */
  private List<String> talk(Talk talk, String... answers) throws Exception {
    String[] says = new String[answers.length + 2];
    says[0] = FakeQemu.GREETING;
    says[1] = FakeQemu.DONE;
    System.arraycopy(answers, 0, says, 2, answers.length);
    try (FakeQemu qemu = FakeQemu.saying(directory, says)) {
      try (QmpClient client = QmpClient.connect(directory, LONG)) {
        talk.with(client);
      }
      List<String> received = qemu.received();
      return received.subList(1, received.size());
    }
  }

  private static String failure(String description) {
    return "{\"error\": {\"class\": \"GenericError\", \"desc\": \"" + description + "\"}}\r\n";
  }
}
