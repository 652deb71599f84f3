package dev.limpid.vm.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.vm.qmp.FakeQemu;
import dev.limpid.vm.qmp.QmpException;
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
  private static final String BUSY = FakeQemu.failure("Chardev 'share3' is busy");

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
        FakeQemu.talk(
            directory, qmp -> folder.plug(qmp, "a.sock", LONG), FakeQemu.DONE, FakeQemu.DONE);

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
        FakeQemu.talk(
            directory,
            qmp -> assertThrows(QmpException.class, () -> folder.plug(qmp, "a.sock", LONG)),
            FakeQemu.DONE,
            FakeQemu.failure("no"),
            FakeQemu.DONE);

    assertEquals(REMOVAL, received.get(2));
  }

  @Test
  void isGoneWhenQemuLetsGoOfItsSocket() throws Exception {
    List<String> received =
        FakeQemu.talk(
            directory,
            qmp -> assertTrue(folder.unplug(qmp, LONG)),
            FakeQemu.DONE,
            BUSY,
            BUSY,
            FakeQemu.DONE);

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
    FakeQemu.talk(
        directory,
        qmp -> assertTrue(folder.unplug(qmp, LONG)),
        FakeQemu.failure("Device 'folder3' not found"),
        FakeQemu.failure("Chardev 'share3' not found"));
  }

  @Test
  void aGuestThatDoesNotLetGoIsNotWaitedForForEver() throws Exception {
    String[] answers = new String[1000];
    Arrays.fill(answers, BUSY);
    answers[0] = FakeQemu.DONE;

    FakeQemu.talk(
        directory, qmp -> assertFalse(folder.unplug(qmp, Duration.ofMillis(500))), answers);
  }
}
