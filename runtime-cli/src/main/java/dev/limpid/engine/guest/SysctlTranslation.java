package dev.limpid.engine.guest;

import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.proto.GuestSysctl;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The section {@code linux.sysctl}. Those of a namespace that the container has of its own are
 * crun's to set; all others are of the guest's kernel as a whole, which is the container's own: the
 * agent sets them.
 */
final class SysctlTranslation {
  private static final List<String> IPC =
      List.of(
          "kernel/msgmax",
          "kernel/msgmnb",
          "kernel/msgmni",
          "kernel/sem",
          "kernel/shmall",
          "kernel/shmmax",
          "kernel/shmmni",
          "kernel/shm_rmid_forced");

  /** Characters, of up to three bytes each. */
  private static final int VALUE_MAX = 1024;

  private SysctlTranslation() {}

  /**
   * Who sets what.
   *
   * @param container for crun
   * @param guest for the agent
   */
  record Result(JsonObject container, List<GuestSysctl> guest) {}

  /**
   * Translates the section.
   *
   * @param linux the section {@code linux}
   * @param process the section {@code process}, whose limits may need one more
   * @throws dev.limpid.oci.json.InvalidSpecException for a name that is none
   */
  static Result translate(JsonCursor linux, JsonCursor process) {
    JsonObject.Builder container = JsonObject.builder();
    List<GuestSysctl> guest = new ArrayList<>();
    Optional<GuestSysctl> openFiles = OpenFilesLimit.of(process);
    if (openFiles.isPresent()) {
      guest.add(openFiles.get());
    }
    Set<String> namespaces = NamespaceTranslation.types(linux);
    for (JsonCursor sysctl : linux.optionalMembers("sysctl")) {
      String name = sysctl.key().replace('.', '/');
      if (!GuestSysctl.isName(name)) {
        throw sysctl.refused("is not the name of a sysctl");
      }
      if (name.equals("kernel/hostname")) {
        throw sysctl.refused("can't be set: the field hostname is for that");
      }
      if (ofContainer(name, namespaces)) {
        container.put(sysctl.key(), sysctl.value());
      } else {
        if (sysctl.asString().length() > VALUE_MAX || guest.size() == GuestSysctl.COUNT_MAX) {
          throw sysctl.refused("is longer, or one more, than can be");
        }
        guest.add(new GuestSysctl(name, sysctl.asString()));
      }
    }
    return new Result(container.build(), guest);
  }

  private static boolean ofContainer(String name, Set<String> namespaces) {
    if (name.startsWith("net/")) {
      return true;
    }
    if (name.startsWith("fs/mqueue/") || IPC.contains(name)) {
      return namespaces.contains("ipc");
    }
    return name.equals("kernel/domainname");
  }
}
