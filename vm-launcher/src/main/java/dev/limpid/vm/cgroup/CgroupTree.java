package dev.limpid.vm.cgroup;

import dev.limpid.vm.mountinfo.HostMount;
import dev.limpid.vm.mountinfo.MountTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The hierarchies of control groups that are mounted on this host (cgroups(7)).
 *
 * @param version which version has the controllers
 * @param hierarchies for {@link Version#V2} the one there is; for {@link Version#V1} those that
 *     have controllers or a name, in the order in which they were mounted, then that of version 2
 *     if it is mounted too; else none
 */
public record CgroupTree(Version version, List<Hierarchy> hierarchies) {
  private static final Path SELF = Path.of("/proc/self/cgroup");

  /** How the host's control groups look. */
  public enum Version {
    /** None are mounted. */
    NONE,
    /** Several hierarchies; version 2 may be mounted beside them, without controllers. */
    V1,
    /** One hierarchy. */
    V2
  }

  /** Copies the list. */
  public CgroupTree {
    hierarchies = List.copyOf(hierarchies);
  }

  /**
   * A hierarchy.
   *
   * @param mountPoint where it is mounted; absolute
   * @param controllers those of version 1 that it has, or its name as {@code name=systemd}; empty
   *     for version 2
   * @param own the directory of this process's own group; below the mount point, or it
   */
  public record Hierarchy(Path mountPoint, Set<String> controllers, Path own) {
    /** Copies the set. */
    public Hierarchy {
      controllers = Set.copyOf(controllers);
    }
  }

  /**
   * Looks at this process's host.
   *
   * @param mounts what is mounted
   * @throws IOException if /proc/self/cgroup can't be read
   */
  public static CgroupTree of(MountTable mounts) throws IOException {
    return of(mounts, Files.readString(SELF));
  }

  static CgroupTree of(MountTable mounts, String self) {
    List<Hierarchy> first = new ArrayList<>();
    Optional<Hierarchy> second = Optional.empty();
    Set<String> seen = new HashSet<>();
    boolean controlled = false;
    for (HostMount mount : mounts.mounts()) {
      if (mount.type().equals("cgroup2") && second.isEmpty()) {
        second = Optional.of(hierarchy(mount, Set.of(), ownPath(self, "")));
      } else if (mount.type().equals("cgroup")) {
        Set<String> controllers = controllers(mount.options());
        // The same hierarchy may be mounted in several places.
        if (!controllers.isEmpty() && seen.addAll(controllers)) {
          first.add(hierarchy(mount, controllers, ownPath(self, controllers.iterator().next())));
          controlled |= !controllers.iterator().next().startsWith("name=");
        }
      }
    }
    if (controlled) {
      // Without controllers, but where systemd makes use of both versions it looks there for what
      // belongs to a unit.
      second.ifPresent(first::add);
      return new CgroupTree(Version.V1, first);
    }
    return second.isPresent()
        ? new CgroupTree(Version.V2, List.of(second.get()))
        : new CgroupTree(Version.NONE, List.of());
  }

  /** The hierarchy that has a controller of version 1. */
  Optional<Hierarchy> with(String controller) {
    for (Hierarchy hierarchy : hierarchies) {
      if (hierarchy.controllers().contains(controller)) {
        return Optional.of(hierarchy);
      }
    }
    return Optional.empty();
  }

  private static Hierarchy hierarchy(HostMount mount, Set<String> controllers, String own) {
    Path path = Path.of("/").resolve(own).normalize();
    Path root = mount.root().normalize();
    // In a container, /proc may tell paths of the host, of which only a part is mounted.
    Path below = path.startsWith(root) ? root.relativize(path) : Path.of("");
    return new Hierarchy(
        mount.mountPoint(), controllers, mount.mountPoint().resolve(below).normalize());
  }

  /** What the kernel's options of a mount name beside those that every file system has. */
  private static Set<String> controllers(String options) {
    Set<String> controllers = new HashSet<>();
    for (String option : options.split(",", -1)) {
      switch (option) {
        case "rw", "ro", "xattr", "clone_children", "noprefix", "none", "cpuset_v2_mode" -> {}
        default -> {
          if (!option.isEmpty() && (option.indexOf('=') < 0 || option.startsWith("name="))) {
            controllers.add(option);
          }
        }
      }
    }
    return controllers;
  }

  /** The path of this process in the hierarchy with a controller; of version 2: "". */
  private static String ownPath(String self, String controller) {
    for (String line : self.split("\n", -1)) {
      String[] fields = line.split(":", 3);
      if (fields.length == 3 && List.of(fields[1].split(",", -1)).contains(controller)) {
        return fields[2];
      }
    }
    return "/";
  }
}
