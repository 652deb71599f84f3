package dev.limpid.oci.features;

import dev.limpid.oci.json.JsonObject;

/**
 * The kinds of control groups that are supported (features-linux.md, "cgroup").
 *
 * @param v1 cgroup v1
 * @param v2 cgroup v2
 * @param systemd groups made by the system's systemd
 * @param systemdUser groups made by a user's systemd
 * @param rdma limits on RDMA
 */
public record CgroupFeatures(
    boolean v1, boolean v2, boolean systemd, boolean systemdUser, boolean rdma) {

  JsonObject toJson() {
    return JsonObject.builder()
        .put("v1", v1)
        .put("v2", v2)
        .put("systemd", systemd)
        .put("systemdUser", systemdUser)
        .put("rdma", rdma)
        .build();
  }
}
