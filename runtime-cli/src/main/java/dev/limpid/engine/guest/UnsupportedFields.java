package dev.limpid.engine.guest;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import java.util.Optional;

/** Fields that the guest's crun would pass over in silence, or fail on without naming them. */
final class UnsupportedFields {
  private UnsupportedFields() {}

  /**
   * Refuses them.
   *
   * @throws dev.limpid.oci.json.InvalidSpecException naming the first
   */
  static void refuse(JsonCursor config) {
    refuseInProcess(config.required("process"));
    Optional<JsonCursor> linux = config.optional("linux");
    if (linux.isEmpty()) {
      return;
    }
    refuse(
        linux.get().optional("intelRdt"), "not supported: a virtual machine has no such registers");
    refuse(
        linux.get().optional("memoryPolicy"),
        "not supported: a virtual machine has one memory node, whichever the host has");
    refuse(
        linux.get().optional("netDevices"),
        "not supported: a device of the host can't be moved into a virtual machine");
    Optional<JsonCursor> personality = linux.get().optional("personality");
    if (personality.isPresent()) {
      refuse(personality.get().optional("flags"), "not supported: the specification has none");
    }
  }

  /**
   * Refuses those of a process.
   *
   * @throws dev.limpid.oci.json.InvalidSpecException naming the first
   */
  static void refuseInProcess(JsonCursor process) {
    Optional<JsonCursor> user = process.optional("user");
    if (user.isPresent()) {
      refuse(
          user.get().optional("username"),
          "not supported: users of Linux are named by uid and gid, this is for Windows");
    }
    refuse(
        process.optional("execCPUAffinity"),
        "not supported: it names processors of the host, of which a virtual machine has none");
  }

  private static void refuse(Optional<JsonCursor> field, String reason) {
    if (field.isPresent() && !isEmptyCollection(field.get())) {
      throw field.get().refused(reason);
    }
  }

  private static boolean isEmptyCollection(JsonCursor field) {
    if (field.value() instanceof JsonArray array) {
      return array.elements().isEmpty();
    }
    // An empty intelRdt is a group of its own.
    return field.key().equals("netDevices")
        && field.value() instanceof JsonObject object
        && object.isEmpty();
  }
}
