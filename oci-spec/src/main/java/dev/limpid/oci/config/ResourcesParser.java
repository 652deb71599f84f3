package dev.limpid.oci.config;

import dev.limpid.oci.json.JsonCursor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Checks the limits of a cgroup (config-linux.md, "Control groups"). */
final class ResourcesParser {
  private static final int NO_LIMIT = -1;
  private static final int MAX_SWAPPINESS = 100;

  private ResourcesParser() {}

  static Resources parse(JsonCursor resources) {
    Optional<JsonCursor> memory = resources.optional("memory");
    Optional<JsonCursor> cpu = resources.optional("cpu");
    Optional<JsonCursor> pids = resources.optional("pids");
    Optional<JsonCursor> blockIo = resources.optional("blockIO");
    Optional<JsonCursor> network = resources.optional("network");
    return new Resources(
        memory.isEmpty() ? Memory.NONE : memory(memory.get()),
        cpu.isEmpty() ? Cpu.NONE : cpu(cpu.get()),
        pids.isEmpty() ? OptionalLong.empty() : pids.get().optionalInt64("limit"),
        blockIo.isEmpty() ? BlockIo.NONE : BlockIoParser.parse(blockIo.get()),
        hugepageLimits(resources),
        network.isEmpty() ? NetworkResources.NONE : network(network.get()),
        rdma(resources),
        unified(resources),
        deviceRules(resources),
        resources.asObject());
  }

  private static Memory memory(JsonCursor memory) {
    Optional<JsonCursor> swappiness = memory.optional("swappiness");
    return new Memory(
        atLeast(memory, "limit", NO_LIMIT),
        atLeast(memory, "reservation", NO_LIMIT),
        atLeast(memory, "swap", NO_LIMIT),
        atLeast(memory, "kernel", NO_LIMIT),
        atLeast(memory, "kernelTCP", NO_LIMIT),
        swappiness.isEmpty()
            ? OptionalInt.empty()
            : OptionalInt.of((int) swappiness.get().asInteger(0, MAX_SWAPPINESS)),
        memory.optionalBoolean("disableOOMKiller"),
        memory.optionalBoolean("useHierarchy"),
        memory.optionalBoolean("checkBeforeUpdate"));
  }

  private static Cpu cpu(JsonCursor cpu) {
    Optional<JsonCursor> idle = cpu.optional("idle");
    return new Cpu(
        atLeast(cpu, "shares", 0),
        atLeast(cpu, "quota", NO_LIMIT),
        atLeast(cpu, "burst", 0),
        atLeast(cpu, "period", 0),
        atLeast(cpu, "realtimeRuntime", NO_LIMIT),
        atLeast(cpu, "realtimePeriod", 0),
        CpuListRule.optional(cpu, "cpus"),
        CpuListRule.optional(cpu, "mems"),
        idle.isEmpty() ? OptionalLong.empty() : OptionalLong.of(idle.get().asInteger(0, 1)));
  }

  private static OptionalLong atLeast(JsonCursor section, String member, long min) {
    Optional<JsonCursor> found = section.optional(member);
    return found.isEmpty()
        ? OptionalLong.empty()
        : OptionalLong.of(found.get().asInteger(min, Long.MAX_VALUE));
  }

  private static List<HugepageLimit> hugepageLimits(JsonCursor resources) {
    List<HugepageLimit> limits = new ArrayList<>();
    for (JsonCursor element : resources.optionalElements("hugepageLimits")) {
      JsonCursor pageSize = element.required("pageSize");
      if (!isPageSize(pageSize.asString())) {
        throw pageSize.invalid("must be a size such as 2MB");
      }
      limits.add(new HugepageLimit(pageSize.asString(), element.required("limit").asUint64()));
    }
    return limits;
  }

  /** Digits and a unit: the text becomes part of the name of a file of the cgroup. */
  private static boolean isPageSize(String size) {
    int at = 0;
    while (at < size.length() && size.charAt(at) >= '0' && size.charAt(at) <= '9') {
      at++;
    }
    return at > 0
        && switch (size.substring(at)) {
          case "B", "KB", "MB", "GB", "TB", "PB" -> true;
          default -> false;
        };
  }

  private static NetworkResources network(JsonCursor network) {
    List<NetworkResources.Priority> priorities = new ArrayList<>();
    for (JsonCursor element : network.optionalElements("priorities")) {
      priorities.add(
          new NetworkResources.Priority(
              TextRule.filled(element.required("name")), element.required("priority").asUint32()));
    }
    return new NetworkResources(network.optionalUint32("classID"), priorities);
  }

  private static Map<String, RdmaLimit> rdma(JsonCursor resources) {
    Map<String, RdmaLimit> limits = new LinkedHashMap<>();
    for (JsonCursor entry : resources.optionalMembers("rdma")) {
      TextRule.checkName(entry);
      limits.put(
          entry.key(),
          new RdmaLimit(entry.optionalUint32("hcaHandles"), entry.optionalUint32("hcaObjects")));
    }
    return limits;
  }

  /** The keys are names of files in a directory of the cgroup tree, and must not lead out of it. */
  private static Map<String, String> unified(JsonCursor resources) {
    for (JsonCursor entry : resources.optionalMembers("unified")) {
      String name = entry.key();
      if (name.indexOf('/') >= 0 || name.equals(".") || name.equals("..")) {
        throw entry.refused("must have the name of a file of the cgroup");
      }
    }
    return TextRule.map(resources, "unified");
  }

  private static List<DeviceRule> deviceRules(JsonCursor resources) {
    List<DeviceRule> rules = new ArrayList<>();
    for (JsonCursor element : resources.optionalElements("devices")) {
      rules.add(
          new DeviceRule(
              element.required("allow").asBoolean(),
              ruleType(element),
              atLeast(element, "major", NO_LIMIT),
              atLeast(element, "minor", NO_LIMIT),
              access(element)));
    }
    return rules;
  }

  private static Optional<String> ruleType(JsonCursor rule) {
    Optional<JsonCursor> found = TextRule.optional(rule, "type");
    if (found.isEmpty()) {
      return Optional.empty();
    }
    return switch (found.get().asString()) {
      case "a", "b", "c" -> Optional.of(found.get().asString());
      default -> throw found.get().invalid("must be one of a, b and c");
    };
  }

  private static Optional<String> access(JsonCursor rule) {
    Optional<JsonCursor> found = TextRule.optional(rule, "access");
    if (found.isEmpty()) {
      return Optional.empty();
    }
    String access = found.get().asString();
    for (int i = 0; i < access.length(); i++) {
      if ("rwm".indexOf(access.charAt(i)) < 0) {
        throw found.get().invalid("must be made of the letters r, w and m");
      }
    }
    return Optional.of(access);
  }
}
