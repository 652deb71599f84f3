package dev.limpid.oci.config;

import java.util.Optional;

/** The types of Linux namespaces (config-linux.md, "Namespaces"). */
public enum NamespaceType {
  /** Process ids. */
  PID("pid"),
  /** Network interfaces, routes and ports. */
  NETWORK("network"),
  /** Mount points. */
  MOUNT("mount"),
  /** System V IPC and POSIX message queues. */
  IPC("ipc"),
  /** Host and domain name. */
  UTS("uts"),
  /** User and group ids. */
  USER("user"),
  /** The view of the cgroup tree. */
  CGROUP("cgroup"),
  /** Boot and monotonic clocks. */
  TIME("time");

  private final String specName;

  NamespaceType(String specName) {
    this.specName = specName;
  }

  /** The name in config.json. */
  public String specName() {
    return specName;
  }

  static Optional<NamespaceType> ofSpecName(String name) {
    for (NamespaceType type : values()) {
      if (type.specName.equals(name)) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }
}
