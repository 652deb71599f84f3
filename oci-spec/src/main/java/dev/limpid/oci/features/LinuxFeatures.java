package dev.limpid.oci.features;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonObject;
import java.util.List;

/**
 * What is special to Linux in the features document (features-linux.md).
 *
 * @param namespaces the types of namespaces that are known
 * @param capabilities the capabilities that are known
 * @param cgroup the kinds of control groups
 * @param seccomp system call filters
 * @param apparmor whether AppArmor profiles are applied
 * @param selinux whether SELinux labels are applied
 * @param intelRdt whether cache and bandwidth are allocated
 * @param idmapMounts whether mounts may map ids
 */
public record LinuxFeatures(
    List<String> namespaces,
    List<String> capabilities,
    CgroupFeatures cgroup,
    SeccompFeatures seccomp,
    boolean apparmor,
    boolean selinux,
    boolean intelRdt,
    boolean idmapMounts) {

  /** Copies the collections. */
  public LinuxFeatures {
    namespaces = List.copyOf(namespaces);
    capabilities = List.copyOf(capabilities);
  }

  JsonObject toJson() {
    return JsonObject.builder()
        .put("namespaces", JsonArray.ofStrings(namespaces))
        .put("capabilities", JsonArray.ofStrings(capabilities))
        .put("cgroup", cgroup.toJson())
        .put("seccomp", seccomp.toJson())
        .put("apparmor", enabled(apparmor))
        .put("selinux", enabled(selinux))
        .put("intelRdt", enabled(intelRdt))
        .put("mountExtensions", JsonObject.empty().with("idmap", enabled(idmapMounts)))
        .build();
  }

  private static JsonObject enabled(boolean value) {
    return JsonObject.empty().with("enabled", value);
  }
}
