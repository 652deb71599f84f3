package dev.limpid.oci.config;

import dev.limpid.oci.json.JsonCursor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Checks resource limits (config.md, "POSIX process", {@code rlimits}). */
final class RlimitParser {
  private static final Set<String> TYPES =
      Set.of(
          "RLIMIT_AS",
          "RLIMIT_CORE",
          "RLIMIT_CPU",
          "RLIMIT_DATA",
          "RLIMIT_FSIZE",
          "RLIMIT_LOCKS",
          "RLIMIT_MEMLOCK",
          "RLIMIT_MSGQUEUE",
          "RLIMIT_NICE",
          "RLIMIT_NOFILE",
          "RLIMIT_NPROC",
          "RLIMIT_RSS",
          "RLIMIT_RTPRIO",
          "RLIMIT_RTTIME",
          "RLIMIT_SIGPENDING",
          "RLIMIT_STACK");

  private RlimitParser() {}

  static List<Rlimit> parse(JsonCursor process) {
    List<Rlimit> rlimits = new ArrayList<>();
    for (JsonCursor element : process.optionalElements("rlimits")) {
      JsonCursor type = element.required("type");
      checkType(type, rlimits);
      JsonCursor soft = element.required("soft");
      long softLimit = soft.asUint64();
      long hardLimit = element.required("hard").asUint64();
      if (Long.compareUnsigned(softLimit, hardLimit) > 0) {
        throw soft.invalid("must not be above hard (" + Long.toUnsignedString(hardLimit) + ")");
      }
      rlimits.add(new Rlimit(type.asString(), softLimit, hardLimit));
    }
    return rlimits;
  }

  private static void checkType(JsonCursor type, List<Rlimit> before) {
    String name = type.asString();
    if (!TYPES.contains(name)) {
      throw type.invalid("must be the name of a resource limit such as RLIMIT_NOFILE");
    }
    for (Rlimit rlimit : before) {
      if (rlimit.type().equals(name)) {
        throw type.invalid("must not be limited twice");
      }
    }
  }
}
