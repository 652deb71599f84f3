package dev.limpid.vm.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.vm.qmp.FakeQemu;
import dev.limpid.vm.qmp.QmpException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a monitor is told when an interface comes and goes. */
@Timeout(60)
class TapInterfaceTest {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final String MAC = "02:42:ac:11:00:02";
  private static final String REMOVAL =
      "{\"execute\":\"netdev_del\",\"arguments\":{\"id\":\"tap3\"}}";
  private static final String UNPLUG =
      "{\"execute\":\"device_del\",\"arguments\":{\"id\":\"nic3\"}}";
  private static final String ABSENT = FakeQemu.failure("Device 'nic3' not found");

  private final TapInterface tap = new TapInterface(3);

  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 32})
  void hasASlot(int slot) {
    assertThrows(IllegalArgumentException.class, () -> new TapInterface(slot));
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 2", "8, 8", "9, 8", "256, 8"})
  void hasAQueueForEachOfAFewProcessors(int vcpus, int queues) {
    assertEquals(queues, TapInterface.queues(vcpus));
  }

  @Test
  void isPluggedIntoItsSlot() throws Exception {
    List<String> received =
        FakeQemu.talk(directory, qmp -> tap.plug(qmp, MAC, 1, LONG), FakeQemu.DONE, FakeQemu.DONE);

    assertEquals(
        List.of(
            "{\"execute\":\"netdev_add\",\"arguments\":{\"type\":\"tap\",\"id\":\"tap3\","
                + "\"ifname\":\"limpid3\",\"script\":\"no\",\"downscript\":\"no\","
                + "\"vnet_hdr\":true,\"vhost\":"
                + Files.exists(Path.of("/dev/vhost-net"))
                + "}}",
            "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"virtio-net-pci\",\"id\":"
                + "\"nic3\",\"netdev\":\"tap3\",\"mac\":\"02:42:ac:11:00:02\",\"romfile\":\"\","
                + "\"status\":false,\"bus\":\"network\",\"addr\":\"3\"}}"),
        received);
  }

  @Test
  void hasSeveralQueuesIfAskedFor() throws Exception {
    List<String> received =
        FakeQemu.talk(directory, qmp -> tap.plug(qmp, MAC, 4, LONG), FakeQemu.DONE, FakeQemu.DONE);

    assertTrue(received.get(0).endsWith(",\"queues\":4}}"), received.get(0));
    assertTrue(received.get(1).endsWith(",\"mq\":true,\"vectors\":10}}"), received.get(1));
  }

  @Test
  void leavesNothingWhenItIsRefused() throws Exception {
    List<String> received =
        FakeQemu.talk(
            directory,
            qmp -> assertThrows(QmpException.class, () -> tap.plug(qmp, MAC, 1, LONG)),
            FakeQemu.DONE,
            FakeQemu.failure("no"),
            FakeQemu.DONE);

    assertEquals(REMOVAL, received.get(2));
  }

  @Test
  void isGoneWhenTheGuestLetsGoOfIt() throws Exception {
    List<String> received =
        FakeQemu.talk(
            directory,
            qmp -> assertTrue(tap.unplug(qmp, LONG)),
            FakeQemu.DONE,
            FakeQemu.failure("Device nic3 is already in the process of unplug"),
            ABSENT,
            FakeQemu.DONE);

    assertEquals(List.of(UNPLUG, UNPLUG, UNPLUG, REMOVAL), received);
  }

  @Test
  void isGoneWhenItWasNeverThere() throws Exception {
    FakeQemu.talk(
        directory,
        qmp -> assertTrue(tap.unplug(qmp, LONG)),
        ABSENT,
        FakeQemu.failure("Device 'tap3' not found"));
  }

  @Test
  void aGuestThatDoesNotLetGoIsNotWaitedForForEver() throws Exception {
    String[] answers = new String[1000];
    Arrays.fill(answers, FakeQemu.DONE);

    FakeQemu.talk(directory, qmp -> assertFalse(tap.unplug(qmp, Duration.ofMillis(500))), answers);
  }
}
