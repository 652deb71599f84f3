package dev.limpid.engine.lifecycle;

import dev.limpid.engine.EngineException;
import dev.limpid.engine.container.ContainerDirectory;
import dev.limpid.engine.container.ContainerRecord;
import dev.limpid.engine.container.ContainerStore;
import dev.limpid.engine.container.HostProcess;
import dev.limpid.engine.container.Membership;
import dev.limpid.engine.container.NoSuchContainerException;
import dev.limpid.engine.guest.Surroundings;
import dev.limpid.engine.network.NetworkSharing;
import dev.limpid.oci.ContainerId;
import dev.limpid.oci.InvalidContainerIdException;
import dev.limpid.oci.config.Config;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.state.Status;
import dev.limpid.vm.rootfs.GuestPlace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The container whose VM a new one joins, because config.json names namespaces of its shim, or
 * because an annotation says that both are of one pod.
 *
 * @param directory its directory
 * @param container what is known of it
 * @param namespaces what the new one may share: as config.json calls it, and the guest
 */
record Sandbox(
    ContainerDirectory directory, ContainerRecord container, Map<String, Path> namespaces) {
  /** The types of namespaces that can be shared, and their files in /proc. */
  private static final Map<String, String> FILES =
      Map.of("ipc", "ipc", "uts", "uts", "pid", "pid", "network", "net");

  /** How the engines of Kubernetes say what a container is: the member, its value, and the pod. */
  private static final String[][] ANNOTATIONS = {
    {"io.kubernetes.cri.container-type", "io.kubernetes.cri.sandbox-id"},
    {"io.kubernetes.cri-o.ContainerType", "io.kubernetes.cri-o.SandboxID"},
  };

  /** Copies the map. */
  Sandbox {
    namespaces = Map.copyOf(namespaces);
  }

  /**
   * Finds it.
   *
   * @return empty if the container gets a VM of its own
   * @throws dev.limpid.oci.json.InvalidSpecException if config.json speaks of more than one
   * @throws EngineException if nothing can be joined in its present state
   */
  static Optional<Sandbox> of(Config config, ContainerStore store) {
    JsonCursor cursor = JsonCursor.root("config.json", config.raw());
    Optional<ContainerDirectory> vm = byAnnotation(config.annotations(), store);
    Map<String, Path> namespaces = new HashMap<>();
    Optional<JsonCursor> unknownNetwork = Optional.empty();
    for (JsonCursor namespace : cursor.required("linux").optionalElements("namespaces")) {
      Optional<JsonCursor> path =
          namespace.optional("path").filter(given -> !given.asString().isEmpty());
      String file = FILES.get(namespace.requiredString("type"));
      if (path.isEmpty() || file == null) {
        continue;
      }
      Optional<ContainerDirectory> owner = owner(path.get().asString(), file, store);
      if (owner.isEmpty()) {
        unknownNetwork = file.equals("net") ? path : unknownNetwork;
        continue;
      }
      if (vm.isPresent() && !vm.get().path().equals(owner.get().vm().path())) {
        throw path.get().invalid("must be of the same virtual machine as the rest");
      }
      vm = Optional.of(owner.get().vm());
      namespaces.put(path.get().asString(), place(owner.get()).namespace(file));
    }
    if (vm.isEmpty()) {
      return Optional.empty();
    }
    ContainerRecord container = vm.get().required();
    if (unknownNetwork.isPresent() && isNetworkOf(unknownNetwork.get().asString(), container)) {
      namespaces.put(unknownNetwork.get().asString(), GuestPlace.ALONE.namespace("net"));
    }
    Sandbox sandbox = new Sandbox(vm.get(), container, namespaces);
    sandbox.refuseUnlessUp();
    return Optional.of(sandbox);
  }

  /**
   * Whether a container's network is that of the VM: one of its containers' by name, or both are
   * the host's.
   *
   * @param namespace the container's, if it was named by a path
   * @param linux the section of its config.json
   */
  boolean sharesNetwork(Optional<Path> namespace, JsonCursor linux) {
    return namespace.isPresent()
        ? namespaces.containsKey(namespace.get().toString())
        : !NetworkSharing.isNamed(linux) && isNetworkOf("/proc/self/ns/net", container);
  }

  /** A new container's surroundings in the guest, if it gets this number there. */
  Surroundings surroundings(int number) {
    return new Surroundings(new GuestPlace(number), namespaces, sharedMemory());
  }

  /**
   * Refuses what can't be joined now.
   *
   * @throws EngineException naming the container and its state
   */
  void refuseUnlessUp() {
    Status status = directory.status(container);
    if (status != Status.CREATED && status != Status.RUNNING) {
      throw new EngineException(
          "cannot join the virtual machine of container "
              + container.id()
              + ", which is "
              + status.specName());
    }
  }

  private static Optional<ContainerDirectory> byAnnotation(
      Map<String, String> annotations, ContainerStore store) {
    for (String[] names : ANNOTATIONS) {
      String id = annotations.getOrDefault(names[1], "");
      if (!"container".equals(annotations.get(names[0])) || id.isEmpty()) {
        continue;
      }
      try {
        return Optional.of(store.find(new ContainerId(id)).vm());
      } catch (NoSuchContainerException | InvalidContainerIdException none) {
        // A pod without a sandbox, to which podman gives a name all the same, has no VM to join.
      }
    }
    return Optional.empty();
  }

  /** The container to whose shim a path of the form {@code /proc/<pid>/ns/<file>} leads. */
  private static Optional<ContainerDirectory> owner(
      String path, String file, ContainerStore store) {
    String[] parts = path.split("/", -1);
    boolean wellFormed =
        parts.length == 5
            && parts[0].isEmpty()
            && parts[1].equals("proc")
            && parts[3].equals("ns")
            && parts[4].equals(file);
    if (!wellFormed) {
      return Optional.empty();
    }
    try {
      int pid = Integer.parseInt(parts[2]);
      // Other ways to write the number are no names in /proc.
      return Integer.toString(pid).equals(parts[2]) ? store.ofShim(pid) : Optional.empty();
    } catch (NumberFormatException other) {
      return Optional.empty();
    }
  }

  private static GuestPlace place(ContainerDirectory owner) {
    Optional<Membership> membership = owner.membership();
    return membership.isPresent() ? new GuestPlace(membership.get().container()) : GuestPlace.ALONE;
  }

  /** Whether a network namespace, by whatever name, is the one that a VM lives in. */
  private static boolean isNetworkOf(String path, ContainerRecord container) {
    Optional<HostProcess> shim = container.shim();
    try {
      return shim.isPresent()
          && Files.isSameFile(Path.of(path), Path.of("/proc/" + shim.get().pid() + "/ns/net"));
    } catch (IOException gone) {
      return false;
    }
  }

  /** What on the host is the {@code /dev/shm} of the container whose VM it is. */
  private Optional<Path> sharedMemory() {
    JsonCursor config = JsonCursor.root("config.json", directory.savedConfig().raw());
    for (JsonCursor mount : config.optionalElements("mounts")) {
      Optional<String> source = mount.optionalString("source");
      if (mount.requiredString("destination").equals("/dev/shm") && source.isPresent()) {
        try {
          return Optional.of(container.bundle().resolve(source.get()).toRealPath());
        } catch (IOException none) {
          return Optional.empty();
        }
      }
    }
    return Optional.empty();
  }
}
