package dev.limpid.engine.guest;

import dev.limpid.oci.json.JsonCursor;
import java.util.Optional;

/** Fields that the guest's crun would pass over in silence, or fail on without naming them. */
final class UnsupportedFields {
  private static final String NOT_BY_CRUN = "not supported: the crun in the guest does not know it";

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
    Optional<JsonCursor> seccomp = linux.get().optional("seccomp");
    if (seccomp.isPresent()) {
      refuse(
          seccomp.get().optional("listenerPath"),
          "not supported: a listener on the host can't watch another kernel's system calls");
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
    refuse(process.optional("scheduler"), NOT_BY_CRUN);
    refuse(process.optional("ioPriority"), NOT_BY_CRUN);
    refuse(process.optional("execCPUAffinity"), NOT_BY_CRUN);
  }

  private static void refuse(Optional<JsonCursor> field, String reason) {
    if (field.isPresent()) {
      throw field.get().refused(reason);
    }
  }
}
