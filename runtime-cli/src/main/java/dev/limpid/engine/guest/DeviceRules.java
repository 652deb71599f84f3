package dev.limpid.engine.guest;

import dev.limpid.engine.Journal;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * {@code linux.resources.devices}: which devices a container may use. They name devices by the
 * host's numbers.
 */
final class DeviceRules {
  private static final long ANY = -1;
  private static final int LOOP_MAJOR = 7;

  /** The major numbers of character devices that a kernel gives out as it likes. */
  private static final int DYNAMIC_FIRST = 234;

  private static final int DYNAMIC_LAST = 254;
  private static final int MORE_DYNAMIC_FIRST = 384;
  private static final int MORE_DYNAMIC_LAST = 511;

  private final List<Rule> rules;

  private DeviceRules(List<Rule> rules) {
    this.rules = rules;
  }

  /**
   * A rule for the guest.
   *
   * @param rule the rule, but for the numbers of a disk
   * @param disk which of the disks it is about
   */
  record GuestRule(JsonObject rule, OptionalInt disk) {}

  private record Rule(
      JsonCursor place, boolean allow, char type, long major, long minor, String access) {
    static Rule of(JsonCursor place) {
      String type = place.optionalString("type").orElse("");
      String access = place.optionalString("access").orElse("");
      return new Rule(
          place,
          place.required("allow").asBoolean(),
          type.isEmpty() ? 'a' : type.charAt(0),
          number(place.optional("major")),
          number(place.optional("minor")),
          access.isEmpty() ? "rwm" : access);
    }

    private static long number(Optional<JsonCursor> number) {
      return number.isEmpty() ? ANY : Math.max(ANY, number.get().asInt64());
    }

    boolean isAboutAll() {
      return type == 'a' || (major == ANY && minor == ANY);
    }

    boolean isAbout(HostBlockDevice disk) {
      return type == 'a'
          || (type == 'b'
              && (major == ANY || major == disk.major())
              && (minor == ANY || minor == disk.minor()));
    }
  }

  /** The rules of a section {@code linux}, validated. */
  static DeviceRules of(JsonCursor linux) {
    List<Rule> rules = new ArrayList<>();
    Optional<JsonCursor> resources = linux.optional("resources");
    if (resources.isPresent()) {
      for (JsonCursor rule : resources.get().optionalElements("devices")) {
        rules.add(Rule.of(rule));
      }
    }
    return new DeviceRules(rules);
  }

  /** Whether nothing is forbidden: what callers say of a privileged container. */
  boolean allowEverything() {
    boolean everything = false;
    for (Rule rule : rules) {
      if (!rule.allow) {
        everything = false;
      } else if (rule.type == 'a' && rule.access.length() == "rwm".length()) {
        everything = true;
      }
    }
    return everything;
  }

  /** Whether a block device may be read. */
  boolean allowReading(HostBlockDevice disk) {
    return allow(disk, 'r');
  }

  /** Whether a block device may be written to. */
  boolean allowWriting(HostBlockDevice disk) {
    return allow(disk, 'w');
  }

  /** The last rule about it says so; what no rule is about is forbidden. */
  private boolean allow(HostBlockDevice disk, char access) {
    boolean allowed = false;
    for (Rule rule : rules) {
      if (rule.isAbout(disk) && rule.access.indexOf(access) >= 0) {
        allowed = rule.allow;
      }
    }
    return allowed;
  }

  /**
   * The same for the guest.
   *
   * @param disks the block devices of the host that it has
   * @param journal told what was left out
   */
  List<GuestRule> forGuest(List<HostBlockDevice> disks, Journal journal) {
    List<GuestRule> result = new ArrayList<>();
    for (Rule rule : rules) {
      int before = result.size();
      boolean kept =
          switch (rule.type) {
            case 'b' -> rule.isAboutAll() || rule.major == LOOP_MAJOR;
            case 'c' -> !isDynamic(rule.major);
            default -> true;
          };
      if (kept) {
        result.add(new GuestRule(rule.place.asObject(), OptionalInt.empty()));
      }
      for (int i = 0; i < disks.size() && rule.type == 'b' && !rule.isAboutAll(); i++) {
        if (rule.isAbout(disks.get(i))) {
          result.add(new GuestRule(rule.place.asObject(), OptionalInt.of(i)));
        }
      }
      if (result.size() == before) {
        journal.debug(rule.place.remark("left out, it is about a device that the guest has not"));
      }
    }
    return result;
  }

  private static boolean isDynamic(long major) {
    return (major >= DYNAMIC_FIRST && major <= DYNAMIC_LAST)
        || (major >= MORE_DYNAMIC_FIRST && major <= MORE_DYNAMIC_LAST);
  }
}
