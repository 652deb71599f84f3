package dev.limpid.vm.rootfs;

import java.nio.file.Path;

/**
 * Where a guest has what belongs to one of its containers.
 *
 * @param container the container's number in the guest; 0 for the one that it was started for
 */
public record GuestPlace(int container) {
  private static final Path BASE = Path.of("/run/limpid");

  /** Of a container in a VM of its own. */
  public static final GuestPlace ALONE = new GuestPlace(0);

  /** Whether it is of the container that the guest was started for. */
  public boolean isFirst() {
    // The first comparison of two records takes a JVM some ms.
    return container == 0;
  }

  /** Where everything of it is. */
  public Path directory() {
    return isFirst() ? BASE : BASE.resolve("joined").resolve(Integer.toString(container));
  }

  /** The root filesystem, whichever way it came. */
  public Path rootfs() {
    return directory().resolve("rootfs");
  }

  /** The folder that is shared with the host. */
  public Path share() {
    return directory().resolve("share");
  }

  /** The tmpfs that is the container's {@code /dev/shm}, if others may share that. */
  public Path sharedMemory() {
    return directory().resolve("shm");
  }

  /** Where it reaches a socket of the host. */
  public Path socket(int number) {
    return directory().resolve("sockets").resolve(Integer.toString(number));
  }

  /** The container's cgroup: below the agent's own, which systemd leaves alone. */
  public String cgroup() {
    String name = isFirst() ? "container" : "joined-" + container;
    return "/system.slice/limpid-agent.service/" + name;
  }

  /**
   * A namespace of the container's, for others to join.
   *
   * @param file its name as a file of {@code /proc}, for example {@code net}
   */
  public Path namespace(String file) {
    return BASE.resolve("ns").resolve(Integer.toString(container)).resolve(file);
  }
}
