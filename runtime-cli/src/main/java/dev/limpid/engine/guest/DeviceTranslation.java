package dev.limpid.engine.guest;

import dev.limpid.engine.Journal;
import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonValue;
import dev.limpid.proto.DiskNumbers;
import dev.limpid.vm.device.PciAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The sections {@code linux.devices} and {@code linux.resources.devices}: a node is made by its
 * numbers, which name a device of the guest's kernel. Those that mean the same in every Linux pass,
 * block devices of the host become disks of the VM, and any other would be another device than the
 * one asked for.
 *
 * <p>A container that may use every device is one that callers call privileged. They list all that
 * the host has, and nobody means these one by one: it keeps what the guest has too.
 */
public final class DeviceTranslation {
  private static final int LOOP_MAJOR = 7;

  /** Character devices of the guest whose numbers mean the same in every Linux. */
  private static final List<String> SAME_EVERYWHERE =
      List.of(
          "1:3", // null
          "1:5", // zero
          "1:7", // full
          "1:8", // random
          "1:9", // urandom
          "1:11", // kmsg
          "5:0", // tty
          "5:1", // console
          "5:2", // ptmx
          "10:200", // net/tun
          "10:229", // fuse
          "10:235", // autofs
          "10:237"); // loop-control

  private final List<Node> nodes;
  private final List<DeviceRules.GuestRule> rules;
  private final List<HostBlockDevice> disks;

  private DeviceTranslation(
      List<Node> nodes, List<DeviceRules.GuestRule> rules, List<HostBlockDevice> disks) {
    this.nodes = nodes;
    this.rules = rules;
    this.disks = disks;
  }

  /**
   * A node for the guest.
   *
   * @param device the device, but for the numbers of a disk
   * @param disk which of the disks it is
   */
  private record Node(JsonObject device, OptionalInt disk) {}

  /**
   * Translates.
   *
   * @param linux the section {@code linux}, validated
   * @param host the host's block devices
   * @param journal told what was left out
   * @throws dev.limpid.oci.json.InvalidSpecException for a device of the host that can't be had
   */
  static DeviceTranslation of(JsonCursor linux, BlockDevices host, Journal journal) {
    DeviceRules rules = DeviceRules.of(linux);
    boolean privileged = rules.allowEverything();
    List<Node> nodes = new ArrayList<>();
    List<HostBlockDevice> disks = new ArrayList<>();
    int leftOut = 0;
    for (JsonCursor device : linux.optionalElements("devices")) {
      Optional<Node> own = ofGuest(device, host, privileged);
      if (own.isPresent()) {
        nodes.add(own.get());
      } else if (privileged) {
        leftOut++;
      } else if (device.requiredString("type").equals("b")) {
        nodes.add(new Node(device.asObject(), OptionalInt.of(disk(device, host, rules, disks))));
      } else {
        throw device
            .required("path")
            .invalid("a device of the host can't be reached from inside a virtual machine");
      }
    }
    if (leftOut > 0) {
      journal.debug(
          "linux.devices: "
              + leftOut
              + " left out: the container is privileged, which gives it the devices of its virtual"
              + " machine, and these are the host's");
    }
    return new DeviceTranslation(nodes, rules.forGuest(disks, journal), disks);
  }

  /** The block devices of the host that the VM needs. */
  List<HostBlockDevice> disks() {
    return List.copyOf(disks);
  }

  /**
   * A section {@code linux} with devices and rules as the guest needs them.
   *
   * @param numbers those of {@link #disks()} in the guest, in the same order
   */
  JsonObject apply(JsonObject linux, List<DiskNumbers> numbers) {
    if (numbers.size() != disks.size()) {
      throw new IllegalArgumentException(numbers.size() + " of " + disks.size() + " disks");
    }
    JsonObject result = linux;
    if (result.get("devices").isPresent()) {
      List<JsonValue> devices = new ArrayList<>(nodes.size());
      for (Node node : nodes) {
        devices.add(numbered(node.device, node.disk, numbers));
      }
      result = result.with("devices", new JsonArray(devices));
    }
    Optional<JsonValue> resources = linux.get("resources");
    if (resources.isPresent()
        && resources.get() instanceof JsonObject limits
        && limits.get("devices").isPresent()) {
      List<JsonValue> guestRules = new ArrayList<>(rules.size());
      for (DeviceRules.GuestRule rule : rules) {
        guestRules.add(numbered(rule.rule(), rule.disk(), numbers));
      }
      result = result.with("resources", limits.with("devices", new JsonArray(guestRules)));
    }
    return result;
  }

  private static JsonObject numbered(
      JsonObject object, OptionalInt disk, List<DiskNumbers> numbers) {
    if (disk.isEmpty()) {
      return object;
    }
    DiskNumbers guest = numbers.get(disk.getAsInt());
    return object.with("major", guest.major()).with("minor", guest.minor());
  }

  /** A node for something that the guest has itself. */
  private static Optional<Node> ofGuest(JsonCursor device, BlockDevices host, boolean privileged) {
    JsonObject node = device.asObject();
    boolean own =
        switch (device.requiredString("type")) {
          case "p" -> true;
          case "b" -> isLoopOfGuest(device, host, privileged);
          default ->
              SAME_EVERYWHERE.contains(number(device, "major") + ":" + number(device, "minor"));
        };
    if (!own) {
      return Optional.empty();
    }
    // crun knows it by one of its two names only.
    boolean unbuffered = device.requiredString("type").equals("u");
    return Optional.of(new Node(unbuffered ? node.with("type", "c") : node, OptionalInt.empty()));
  }

  /** A loop device without a file is none but a place for one: the guest's is as good. */
  private static boolean isLoopOfGuest(JsonCursor device, BlockDevices host, boolean privileged) {
    if (number(device, "major") != LOOP_MAJOR) {
      return false;
    }
    Optional<BlockDevices.Found> found = host.find(LOOP_MAJOR, number(device, "minor"));
    return privileged || found.isEmpty() || found.get().empty();
  }

  /** Which disk a block device of the host becomes. */
  private static int disk(
      JsonCursor device, BlockDevices host, DeviceRules rules, List<HostBlockDevice> disks) {
    JsonCursor path = device.required("path");
    int major = number(device, "major");
    int minor = number(device, "minor");
    for (int i = 0; i < disks.size(); i++) {
      if (disks.get(i).major() == major && disks.get(i).minor() == minor) {
        return i;
      }
    }
    String numbers = major + ":" + minor;
    Optional<BlockDevices.Found> found = host.find(major, minor);
    if (found.isEmpty()) {
      throw path.invalid("the host has no block device " + numbers);
    }
    if (found.get().empty()) {
      throw path.invalid("the host's block device " + numbers + " is empty");
    }
    if (disks.size() == PciAddress.DISKS_MAX) {
      throw path.invalid(
          "a virtual machine gets at most " + PciAddress.DISKS_MAX + " block devices of the host");
    }
    HostBlockDevice disk = new HostBlockDevice(found.get().node(), major, minor, false);
    if (!rules.allowReading(disk)) {
      // Not only the workload must not reach it, but nothing in the virtual machine.
      throw path.invalid(
          "no rule of linux.resources.devices allows reading the host's block device " + numbers);
    }
    disks.add(
        rules.allowWriting(disk)
            ? disk
            : new HostBlockDevice(found.get().node(), major, minor, true));
    return disks.size() - 1;
  }

  private static int number(JsonCursor device, String member) {
    Optional<JsonCursor> number = device.optional(member);
    return number.isPresent() ? number.get().asInt32() : 0;
  }
}
