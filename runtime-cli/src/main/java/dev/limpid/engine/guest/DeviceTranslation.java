package dev.limpid.engine.guest;

import dev.limpid.oci.json.JsonCursor;
import java.util.List;
import java.util.Optional;

/**
 * The section {@code linux.devices}: a node is made by its numbers, which name a device of the
 * guest's kernel. Those that mean the same in every Linux pass; any other would be another device
 * than the one asked for.
 */
final class DeviceTranslation {
  /** Type, major and minor number. */
  private static final List<String> SAME_EVERYWHERE =
      List.of(
          "c 1:3", // null
          "c 1:5", // zero
          "c 1:7", // full
          "c 1:8", // random
          "c 1:9", // urandom
          "c 5:0", // tty
          "c 5:1", // console
          "c 5:2", // ptmx
          "c 10:200", // net/tun
          "c 10:229"); // fuse

  private DeviceTranslation() {}

  /**
   * Refuses what can't be had.
   *
   * @param linux the section {@code linux}
   * @throws dev.limpid.oci.json.InvalidSpecException for a device of the host
   */
  static void check(JsonCursor linux) {
    for (JsonCursor device : linux.optionalElements("devices")) {
      String type = device.requiredString("type");
      if (type.equals("p")) {
        continue;
      }
      String numbers =
          (type.equals("u") ? "c" : type)
              + " "
              + number(device.optional("major"))
              + ":"
              + number(device.optional("minor"));
      if (!SAME_EVERYWHERE.contains(numbers)) {
        throw device
            .required("path")
            .invalid("a device of the host can't be reached from inside a virtual machine");
      }
    }
  }

  private static long number(Optional<JsonCursor> number) {
    return number.isPresent() ? number.get().asInt64() : 0;
  }
}
