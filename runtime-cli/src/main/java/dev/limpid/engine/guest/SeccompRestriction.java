package dev.limpid.engine.guest;

import dev.limpid.oci.json.JsonCursor;
import java.util.Optional;

/**
 * The section {@code linux.seccomp} passes as it is, but for what would need a listener: it would
 * have to be on the host, and watch another kernel's system calls.
 */
final class SeccompRestriction {
  private static final String NO_LISTENER =
      "can't be had: a listener on the host can't watch another kernel's system calls";

  private SeccompRestriction() {}

  /**
   * Refuses that.
   *
   * @param linux the section {@code linux}
   * @throws dev.limpid.oci.json.InvalidSpecException naming the field
   */
  static void check(JsonCursor linux) {
    Optional<JsonCursor> seccomp = linux.optional("seccomp");
    if (seccomp.isEmpty()) {
      return;
    }
    for (String member : new String[] {"listenerPath", "listenerMetadata"}) {
      if (seccomp.get().optionalString(member).filter(text -> !text.isEmpty()).isPresent()) {
        throw seccomp.get().required(member).invalid(NO_LISTENER);
      }
    }
    checkAction(seccomp.get().optional("defaultAction"));
    for (JsonCursor syscall : seccomp.get().optionalElements("syscalls")) {
      checkAction(syscall.optional("action"));
    }
    for (JsonCursor flag : seccomp.get().optionalElements("flags")) {
      // crun would try again without any flag.
      if (flag.asString().equals("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV")) {
        throw flag.invalid(NO_LISTENER);
      }
    }
  }

  private static void checkAction(Optional<JsonCursor> action) {
    if (action.isPresent() && action.get().asString().equals("SCMP_ACT_NOTIFY")) {
      throw action.get().invalid(NO_LISTENER);
    }
  }
}
