package dev.limpid.oci.config;

import dev.limpid.oci.json.JsonCursor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Checks what is special to Linux (config-linux.md). */
final class LinuxParser {
  private static final Set<String> PROPAGATIONS =
      Set.of(
          "private",
          "rprivate",
          "shared",
          "rshared",
          "slave",
          "rslave",
          "unbindable",
          "runbindable");

  private static final List<String> DOMAINS = List.of("LINUX", "LINUX32");
  private static final List<String> CLOCKS = List.of("monotonic", "boottime");
  private static final long MAX_NANOSECS = 999_999_999;

  private LinuxParser() {}

  static Linux parse(JsonCursor linux) {
    Optional<JsonCursor> resources = linux.optional("resources");
    Optional<JsonCursor> seccomp = linux.optional("seccomp");
    Optional<JsonCursor> intelRdt = linux.optional("intelRdt");
    Optional<JsonCursor> personality = linux.optional("personality");
    return new Linux(
        namespaces(linux),
        IdMappingParser.parse(linux, "uidMappings"),
        IdMappingParser.parse(linux, "gidMappings"),
        DeviceParser.parse(linux),
        TextRule.optionalText(linux, "cgroupsPath"),
        resources.isEmpty() ? Resources.NONE : ResourcesParser.parse(resources.get()),
        seccomp.isEmpty() ? Optional.empty() : Optional.of(SeccompParser.parse(seccomp.get())),
        TextRule.map(linux, "sysctl"),
        TextRule.absolutePaths(linux, "maskedPaths"),
        TextRule.absolutePaths(linux, "readonlyPaths"),
        propagation(linux),
        TextRule.optionalText(linux, "mountLabel"),
        intelRdt.isEmpty() ? Optional.empty() : Optional.of(intelRdt(intelRdt.get())),
        personality.isEmpty() ? Optional.empty() : Optional.of(personality(personality.get())),
        timeOffsets(linux));
  }

  private static List<Namespace> namespaces(JsonCursor linux) {
    List<Namespace> namespaces = new ArrayList<>();
    for (JsonCursor element : linux.optionalElements("namespaces")) {
      JsonCursor typeCursor = element.required("type");
      Optional<NamespaceType> type = NamespaceType.ofSpecName(typeCursor.asString());
      if (type.isEmpty()) {
        throw typeCursor.invalid(
            "must be one of pid, network, mount, ipc, uts, user, cgroup and time");
      }
      for (Namespace namespace : namespaces) {
        if (namespace.type() == type.get()) {
          throw typeCursor.invalid("must not be listed twice");
        }
      }
      namespaces.add(new Namespace(type.get(), TextRule.optionalAbsolutePath(element, "path")));
    }
    return namespaces;
  }

  private static Optional<String> propagation(JsonCursor linux) {
    Optional<JsonCursor> found = TextRule.optional(linux, "rootfsPropagation");
    if (found.isEmpty()) {
      return Optional.empty();
    }
    String propagation = found.get().asString();
    if (!PROPAGATIONS.contains(propagation)) {
      throw found
          .get()
          .invalid(
              "must be one of private, shared, slave and unbindable, or one of these with an \"r\""
                  + " in front");
    }
    return Optional.of(propagation);
  }

  /** The name of the class of service becomes the name of a directory of resctrl. */
  private static IntelRdt intelRdt(JsonCursor intelRdt) {
    Optional<String> closId = TextRule.optionalText(intelRdt, "closID");
    if (closId.isPresent() && !isDirectoryName(closId.get())) {
      throw intelRdt.required("closID").invalid("must be the name of a directory");
    }
    return new IntelRdt(
        closId,
        TextRule.optionalText(intelRdt, "l3CacheSchema"),
        TextRule.optionalText(intelRdt, "memBwSchema"),
        intelRdt.optionalBoolean("enableCMT"),
        intelRdt.optionalBoolean("enableMBM"));
  }

  private static boolean isDirectoryName(String name) {
    return name.indexOf('/') < 0 && !name.equals(".") && !name.equals("..");
  }

  private static Personality personality(JsonCursor personality) {
    return new Personality(
        TextRule.oneOf(personality.required("domain"), DOMAINS),
        TextRule.texts(personality, "flags"));
  }

  private static Map<String, TimeOffset> timeOffsets(JsonCursor linux) {
    Map<String, TimeOffset> offsets = new LinkedHashMap<>();
    for (JsonCursor entry : linux.optionalMembers("timeOffsets")) {
      if (!CLOCKS.contains(entry.key())) {
        throw entry.refused("must be the offset of monotonic or boottime");
      }
      Optional<JsonCursor> nanosecs = entry.optional("nanosecs");
      offsets.put(
          entry.key(),
          new TimeOffset(
              entry.optionalInt64("secs").orElse(0),
              nanosecs.isEmpty() ? 0 : nanosecs.get().asInteger(0, MAX_NANOSECS)));
    }
    return offsets;
  }
}
