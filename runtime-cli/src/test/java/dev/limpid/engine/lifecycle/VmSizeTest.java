package dev.limpid.engine.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.limpid.config.LimpidConfiguration;
import dev.limpid.engine.Json;
import dev.limpid.oci.config.ConfigParser;
import dev.limpid.oci.config.Resources;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A VM is as large as its container needs. */
class VmSizeTest {
  private static final LimpidConfiguration DEFAULTS =
      LimpidConfiguration.defaults(Path.of("/home"));

  @ParameterizedTest
  @CsvSource({
    "-1, 512",
    "0, 512",
    "1, 512",
    "6291456, 512",
    "402653183, 512",
    "402653184, 513",
    "536870912, 641",
    "1073741824, 1153",
    "1099511627775, 1048576",
    "1099511627776, 1048576",
    "9223372036854775807, 1048576"
  })
  void followsTheLimit(long bytes, int memoryMiB) {
    Resources resources =
        ConfigParser.parseResources("x", Json.of("{'memory':{'limit':" + bytes + "}}"));

    assertEquals(new VmSize(memoryMiB, 1), VmSize.of(DEFAULTS, resources));
  }

  @Test
  void isAsConfiguredWithoutALimit() {
    assertEquals(new VmSize(512, 1), VmSize.of(DEFAULTS, Resources.NONE));
  }
}
