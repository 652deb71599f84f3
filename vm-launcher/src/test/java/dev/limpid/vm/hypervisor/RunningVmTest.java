package dev.limpid.vm.hypervisor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.vm.hypervisor.RunningVm.Memory;
import dev.limpid.vm.qmp.FakeQemu;
import dev.limpid.vm.qmp.QmpClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What QEMU is told when a VM grows. */
class RunningVmTest {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final String REFUSED =
      "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no slot\"}}\n";

  private static final String PROCESSORS =
      "{\"return\": [{\"type\": \"max-x86_64-cpu\", \"props\": {\"socket-id\": 2}},"
          + " {\"type\": \"max-x86_64-cpu\", \"props\": {\"socket-id\": 1}},"
          + " {\"type\": \"max-x86_64-cpu\", \"props\": {\"socket-id\": 0}, \"qom-path\": \"/x\"}]}\n";

  @TempDir private Path directory;

  /** What one does with a VM. */
  private interface Use {
    void of(RunningVm vm) throws IOException;
  }

  /** The commands that were sent to QEMU, which answers so, without the first. */
  private List<String> commands(Use use, String... answers) throws IOException {
    String[] says = new String[answers.length + 2];
    says[0] = FakeQemu.GREETING;
    says[1] = FakeQemu.DONE;
    System.arraycopy(answers, 0, says, 2, answers.length);
    try (FakeQemu qemu = FakeQemu.saying(directory, says);
        QmpClient qmp = QmpClient.connect(directory, PATIENCE)) {
      use.of(new RunningVm(qmp, PATIENCE));
      List<String> received = qemu.received();
      return received.subList(1, received.size());
    }
  }

  @Test
  void memoryIsWhatItBeganWithAndWhatWasPluggedIn() throws IOException {
    commands(
        vm -> assertEquals(new Memory(640, 64 << 20, 1, 0x114000000L), vm.memory()),
        "{\"return\": {\"base-memory\": 536870912, \"plugged-memory\": 9}}\n",
        "{\"return\": [{\"type\": \"virtio-pmem\", \"data\": {\"memaddr\": 4294967296, \"size\": 67108864}},"
            + " {\"type\": \"dimm\", \"data\": {\"addr\": 4496293888, \"size\": 134217728}}]}\n");
  }

  @Test
  void memoryIsPluggedInAtWholeBlocks() throws IOException {
    assertEquals(
        List.of(
            "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"memory-backend-memfd\","
                + "\"id\":\"ram-more1\",\"size\":268435456,\"share\":true}}",
            "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"pc-dimm\",\"id\":\"dimm1\","
                + "\"memdev\":\"ram-more1\",\"addr\":4429185024}}"),
        commands(
            vm -> vm.plugMemory(new Memory(640, 0, 1, 0x101400000L), 256, OptionalInt.empty()),
            FakeQemu.DONE,
            FakeQemu.DONE));
  }

  @Test
  void morePagesAreAsHugeAsTheOthers() throws IOException {
    assertEquals(
        List.of(
            "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"memory-backend-memfd\","
                + "\"id\":\"ram-more1\",\"size\":1073741824,\"share\":true,\"hugetlb\":true,"
                + "\"hugetlbsize\":1073741824}}",
            "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"pc-dimm\",\"id\":\"dimm1\","
                + "\"memdev\":\"ram-more1\",\"addr\":5368709120}}"),
        commands(
            vm -> vm.plugMemory(new Memory(640, 0, 1, 0x101400000L), 1024, OptionalInt.of(1024)),
            FakeQemu.DONE,
            FakeQemu.DONE));
    assertEquals(128, RunningVm.blockMiB(OptionalInt.empty()));
    assertEquals(128, RunningVm.blockMiB(OptionalInt.of(2)));
    assertEquals(1024, RunningVm.blockMiB(OptionalInt.of(1024)));
  }

  @Test
  void pagesAreHugeIfTheBackendSaysSo() throws IOException {
    assertEquals(
        List.of(
            "{\"execute\":\"qom-get\",\"arguments\":{\"path\":\"/objects/ram\",\"property\":\"type\"}}",
            "{\"execute\":\"qom-get\",\"arguments\":{\"path\":\"/objects/ram\","
                + "\"property\":\"hugetlb\"}}",
            "{\"execute\":\"qom-get\",\"arguments\":{\"path\":\"/objects/ram\","
                + "\"property\":\"hugetlbsize\"}}"),
        commands(
            vm -> assertEquals(OptionalInt.of(2), vm.hugePageMiB()),
            "{\"return\": \"memory-backend-memfd\"}\n",
            "{\"return\": true}\n",
            "{\"return\": 2097152}\n"));
  }

  @Test
  void pagesAreUsualIfTheBackendSaysSo() throws IOException {
    commands(
        vm -> assertEquals(OptionalInt.empty(), vm.hugePageMiB()),
        "{\"return\": \"memory-backend-memfd\"}\n",
        "{\"return\": false}\n");
  }

  /** It has no such property. */
  @Test
  void pagesOfACloneAreUsual() throws IOException {
    commands(
        vm -> assertEquals(OptionalInt.empty(), vm.hugePageMiB()),
        "{\"return\": \"memory-backend-file\"}\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "1048575", "-1", "\"2M\"", "72057594037927937"})
  void aSizeThatNoPageHasIsAnError(String size) throws IOException {
    commands(
        vm -> assertThrows(IOException.class, vm::hugePageMiB),
        "{\"return\": \"memory-backend-memfd\"}\n",
        "{\"return\": true}\n",
        "{\"return\": " + size + "}\n");
  }

  @Test
  void memoryThatCannotBePluggedInIsGivenBack() throws IOException {
    assertEquals(
        "{\"execute\":\"object-del\",\"arguments\":{\"id\":\"ram-more0\"}}",
        commands(
                vm ->
                    assertEquals(
                        "device_add: no slot",
                        assertThrows(
                                IOException.class,
                                () ->
                                    vm.plugMemory(
                                        new Memory(512, 0, 0, 0), 128, OptionalInt.empty()))
                            .getMessage()),
                FakeQemu.DONE,
                REFUSED,
                FakeQemu.DONE)
            .get(2));
  }

  @Test
  void processorsArePluggedInFromTheFirst() throws IOException {
    assertEquals(
        List.of(
            "{\"execute\":\"query-hotpluggable-cpus\"}",
            "{\"execute\":\"device_add\",\"arguments\":{\"socket-id\":1,\"driver\":\"max-x86_64-cpu\"}}"),
        commands(vm -> vm.plugProcessors(2), PROCESSORS, FakeQemu.DONE));
  }

  @Test
  void thereAreNoMoreProcessorsThanThereCanBe() throws IOException {
    assertEquals(
        3, commands(vm -> vm.plugProcessors(9), PROCESSORS, FakeQemu.DONE, FakeQemu.DONE).size());
  }

  @Test
  void processorsAreNotTakenAway() throws IOException {
    assertEquals(1, commands(vm -> vm.plugProcessors(1), PROCESSORS).size());
  }
}
