package dev.limpid.vm.cgroup;

import dev.limpid.oci.json.InvalidSpecException;
import dev.limpid.vm.cgroup.CgroupTree.Hierarchy;
import dev.limpid.vm.cgroup.CgroupTree.Version;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Where a container's control group is (config-linux.md, "Cgroups Path").
 *
 * @param tree the host's
 * @param cgroup what will be the container's
 * @param scope the unit of systemd, if systemd makes it
 */
public record CgroupPlacement(CgroupTree tree, HostCgroup cgroup, Optional<Scope> scope) {

  /**
   * A unit of systemd.
   *
   * @param slice the slice that it lies in
   * @param unit its name
   */
  public record Scope(String slice, String unit) {}

  /**
   * The place that config.json asks for: an absolute path is one from the root of each hierarchy, a
   * relative one, and the container's id if there is none, from this process's own group (in
   * version 2 from its parent, as a group with processes has no groups below it).
   *
   * @param tree the host's
   * @param document the name of config.json in messages
   * @param cgroupsPath what it says
   * @param id the container's
   * @param systemd whether it names a unit of systemd
   * @throws InvalidSpecException if it says something that can't be
   */
  public static CgroupPlacement of(
      CgroupTree tree, String document, Optional<String> cgroupsPath, String id, boolean systemd) {
    if (systemd) {
      return ofScope(tree, document, cgroupsPath, id);
    }
    String given = cgroupsPath.orElse("");
    Path path = Path.of("/").resolve(given.isEmpty() ? id : given);
    for (Path component : path) {
      if (component.toString().equals("..")) {
        throw wrong(document, given, "must not lead upwards");
      }
    }
    path = path.normalize();
    if (path.getNameCount() == 0) {
      throw wrong(document, given, "must not be the root of all groups");
    }
    return new CgroupPlacement(
        tree, cgroup(tree, path, given.startsWith("/"), Optional.empty()), Optional.empty());
  }

  private static CgroupPlacement ofScope(
      CgroupTree tree, String document, Optional<String> cgroupsPath, String id) {
    String given = cgroupsPath.orElse("");
    Optional<ScopeName> name = given.isEmpty() ? ScopeName.ofContainer(id) : ScopeName.parse(given);
    if (name.isEmpty() && given.isEmpty()) {
      throw wrong(document, id, "is too long an id for the name of a unit of systemd");
    }
    if (name.isEmpty()) {
      throw wrong(
          document, given, "must be slice:prefix:name, as --systemd-cgroup says that it is");
    }
    return new CgroupPlacement(
        tree,
        cgroup(tree, Path.of("/").resolve(name.get().path()), true, Optional.of(name.get().unit())),
        Optional.of(new Scope(name.get().slice(), name.get().unit())));
  }

  private static HostCgroup cgroup(
      CgroupTree tree, Path path, boolean absolute, Optional<String> unit) {
    Path below = Path.of("/").relativize(path);
    List<Path> directories = new ArrayList<>();
    for (Hierarchy hierarchy : tree.hierarchies()) {
      Path from = absolute ? hierarchy.mountPoint() : from(tree, hierarchy);
      directories.add(from.resolve(below));
    }
    return new HostCgroup(tree.version(), directories, unit);
  }

  private static Path from(CgroupTree tree, Hierarchy hierarchy) {
    boolean top = hierarchy.own().equals(hierarchy.mountPoint());
    return tree.version() == Version.V1 || top ? hierarchy.own() : hierarchy.own().getParent();
  }

  private static InvalidSpecException wrong(String document, String given, String problem) {
    return new InvalidSpecException(document, "linux.cgroupsPath", given + ": " + problem);
  }
}
