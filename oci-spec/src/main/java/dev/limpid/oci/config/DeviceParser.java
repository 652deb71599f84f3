package dev.limpid.oci.config;

import dev.limpid.oci.json.JsonCursor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Checks the device nodes (config-linux.md, "Devices"). */
final class DeviceParser {
  /** Linux keeps 12 bits of the major and 20 of the minor number. */
  private static final int MAX_MAJOR = (1 << 12) - 1;

  private static final int MAX_MINOR = (1 << 20) - 1;

  /** Callers pass on the whole mode of the host's node, its type included: these are kept. */
  private static final int PERMISSION_BITS = 07777;

  private DeviceParser() {}

  static List<Device> parse(JsonCursor linux) {
    List<Device> devices = new ArrayList<>();
    for (JsonCursor element : linux.optionalElements("devices")) {
      Device.Type type = type(element.required("type"));
      boolean numbered = type != Device.Type.PIPE;
      Optional<JsonCursor> mode = element.optional("fileMode");
      devices.add(
          new Device(
              type,
              TextRule.absolutePath(element.required("path")),
              number(element, "major", MAX_MAJOR, numbered),
              number(element, "minor", MAX_MINOR, numbered),
              mode.isEmpty()
                  ? OptionalInt.empty()
                  : OptionalInt.of((int) (mode.get().asUint32() & PERMISSION_BITS)),
              element.optionalUint32("uid"),
              element.optionalUint32("gid")));
    }
    return devices;
  }

  /** The major number of a device. */
  static long major(JsonCursor cursor) {
    return cursor.asInteger(0, MAX_MAJOR);
  }

  /** The minor number of a device. */
  static long minor(JsonCursor cursor) {
    return cursor.asInteger(0, MAX_MINOR);
  }

  private static Device.Type type(JsonCursor cursor) {
    return switch (cursor.asString()) {
      case "b" -> Device.Type.BLOCK;
      case "c", "u" -> Device.Type.CHARACTER;
      case "p" -> Device.Type.PIPE;
      default -> throw cursor.invalid("must be one of b, c, u and p");
    };
  }

  private static long number(JsonCursor device, String member, int max, boolean required) {
    if (required) {
      return device.required(member).asInteger(0, max);
    }
    Optional<JsonCursor> found = device.optional(member);
    return found.isEmpty() ? 0 : found.get().asInteger(0, max);
  }
}
