package dev.limpid.engine.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.config.HugePages;
import dev.limpid.config.LimpidConfiguration;
import dev.limpid.engine.Json;
import dev.limpid.engine.vm.RequestedSize;
import dev.limpid.oci.config.ConfigParser;
import dev.limpid.oci.config.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A VM is as large as its container needs, and no larger than the host. */
class VmSizeTest {
  private static final LimpidConfiguration DEFAULTS =
      LimpidConfiguration.defaults(Path.of("/home"));
  private static final HostSize LARGE = new HostSize(1 << 24, 4);

  @TempDir private Path directory;

  private static Resources resources(String json) {
    return ConfigParser.parseResources("x", Json.of(json));
  }

  @ParameterizedTest
  @CsvSource({
    "-1, 512",
    "0, 512",
    "1, 512",
    "6291456, 512",
    "394264575, 512",
    "394264576, 513",
    "536870912, 651",
    "1073741824, 1171",
    "1099511627775, 1048576",
    "1099511627776, 1048576",
    "9223372036854775807, 1048576"
  })
  void followsTheLimit(long bytes, int memoryMiB) {
    assertEquals(
        new VmSize(memoryMiB, 1),
        VmSize.of(DEFAULTS, resources("{'memory':{'limit':" + bytes + "}}"), 0, LARGE));
  }

  @Test
  void makesRoomForTheDescriptionOfItsDisks() {
    Resources resources = resources("{'memory':{'limit':536870912}}");

    assertEquals(new VmSize(667, 1), VmSize.of(DEFAULTS, resources, 1L << 30, LARGE));
  }

  @Test
  void isNoLargerThanTheHost() {
    Resources resources = resources("{'memory':{'limit':10737418240}}");

    assertEquals(new VmSize(2000, 1), VmSize.of(DEFAULTS, resources, 0, new HostSize(2000, 4)));
  }

  @ParameterizedTest
  @CsvSource({
    "'quota':1, 1",
    "'quota':100000, 1",
    "'quota':100001, 2",
    "'quota':150000, 2",
    "'quota':900000, 4",
    "'quota':9223372036854775807, 4",
    "'quota':-1, 3",
    "'quota':0, 3",
    "'period':1000, 3",
    "'quota':100000;'period':50000, 2",
    "'quota':100000;'period':0, 1",
    "'cpus':'0', 1",
    "'cpus':'0-1', 2",
    "'cpus':'7', 1",
    "'cpus':'0-63', 4",
    "'quota':150000;'cpus':'0-3', 2",
    "'quota':350000;'cpus':'1', 1",
    "'shares':2, 3"
  })
  void hasAsManyProcessorsAsCanBeUsed(String cpu, int vcpus) throws IOException {
    Path file = directory.resolve("limpid.json");
    Files.writeString(file, "{\"vcpus\":3}");
    LimpidConfiguration configuration =
        LimpidConfiguration.load(Map.of("LIMPID_CONFIG", file.toString()), Path.of("/home"));

    assertEquals(
        new VmSize(512, vcpus),
        VmSize.of(configuration, resources("{'cpu':{" + cpu.replace(';', ',') + "}}"), 0, LARGE));
  }

  @Test
  void isAsConfiguredWithoutALimit() {
    assertEquals(new VmSize(512, 1), VmSize.of(DEFAULTS, Resources.NONE, 0, LARGE));
  }

  @Test
  void thisHostHasASize() {
    HostSize host = HostSize.read();

    assertTrue(host.memoryMiB() > 128 && host.processors() > 0, host::toString);
  }

  @Test
  void followsWhatIsAskedForInSoManyWords() {
    VmSize size = new VmSize(641, 2);

    assertEquals(
        new VmSize(641, 2),
        size.orAsAsked(new RequestedSize(OptionalInt.empty(), OptionalInt.empty())));
    assertEquals(
        new VmSize(200, 2),
        size.orAsAsked(new RequestedSize(OptionalInt.of(200), OptionalInt.empty())));
    assertEquals(
        new VmSize(641, 1),
        size.orAsAsked(new RequestedSize(OptionalInt.empty(), OptionalInt.of(1))));
  }

  @ParameterizedTest
  @CsvSource({
    "NEVER, 513, 513",
    "OF_2_MIB, 512, 512",
    "OF_2_MIB, 513, 514",
    "OF_1_GIB, 128, 1024",
    "OF_1_GIB, 1024, 1024",
    "OF_1_GIB, 1025, 2048",
    "OF_1_GIB, 1048575, 1048576",
    "OF_1_GIB, 1048576, 1048576"
  })
  void consistsOfWholePages(HugePages pages, int memoryMiB, int whole) {
    assertEquals(new VmSize(whole, 3), new VmSize(memoryMiB, 3).inWhole(pages));
  }
}
