package dev.limpid.vm.cgroup;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The control group that a container's processes on the host are in.
 *
 * @param version the host's
 * @param directories one for each hierarchy; absolute
 * @param scope the unit of systemd that it belongs to
 */
public record HostCgroup(
    CgroupTree.Version version, List<Path> directories, Optional<String> scope) {
  /** There is none: the host has no control groups. */
  public static final HostCgroup NONE =
      new HostCgroup(CgroupTree.Version.NONE, List.of(), Optional.empty());

  /** Copies the list. */
  public HostCgroup {
    directories = List.copyOf(directories);
  }
}
