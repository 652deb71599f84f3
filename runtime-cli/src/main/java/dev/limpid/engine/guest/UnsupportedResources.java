package dev.limpid.engine.guest;

import dev.limpid.oci.json.JsonCursor;
import java.util.Optional;

/** Limits that neither the guest's kernel nor the host can hold a virtual machine to. */
public final class UnsupportedResources {
  private UnsupportedResources() {}

  /**
   * Refuses them. Callers write 0 where they mean nothing.
   *
   * @param resources an OCI LinuxResources object that has been checked
   * @throws dev.limpid.oci.json.InvalidSpecException naming the first
   */
  public static void refuse(JsonCursor resources) {
    Optional<JsonCursor> network = resources.optional("network");
    if (network.isPresent()) {
      refuseUnlessZero(
          network.get(), "classID", "not supported: a virtual machine's packets have no class");
      refuseUnlessEmpty(
          network.get(),
          "priorities",
          "not supported: a virtual machine's packets have no priorities");
    }
    for (JsonCursor device : resources.optionalMembers("rdma")) {
      throw device.refused("not supported: a virtual machine has no RDMA devices");
    }
    Optional<JsonCursor> cpu = resources.optional("cpu");
    if (cpu.isPresent()) {
      String reason = "not supported: the guest's control groups, of version 2, have no real time";
      refuseUnlessZero(cpu.get(), "realtimeRuntime", reason);
      refuseUnlessZero(cpu.get(), "realtimePeriod", reason);
    }
    Optional<JsonCursor> memory = resources.optional("memory");
    if (memory.isPresent() && memory.get().optionalBoolean("disableOOMKiller")) {
      throw memory
          .get()
          .required("disableOOMKiller")
          .refused("true: not supported: the guest's control groups, of version 2, can't do that");
    }
  }

  private static void refuseUnlessZero(JsonCursor section, String member, String reason) {
    Optional<JsonCursor> field = section.optional(member);
    if (field.isPresent() && field.get().asInt64() != 0) {
      throw field.get().refused(field.get().asInt64() + ": " + reason);
    }
  }

  private static void refuseUnlessEmpty(JsonCursor section, String member, String reason) {
    if (!section.optionalElements(member).isEmpty()) {
      throw section.required(member).refused(reason);
    }
  }
}
