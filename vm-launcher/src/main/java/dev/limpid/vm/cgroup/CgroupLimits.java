package dev.limpid.vm.cgroup;

import dev.limpid.vm.cgroup.CgroupTree.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;

/** Writes limits to the files of a control group. */
public final class CgroupLimits {
  private CgroupLimits() {}

  /**
   * Refuses a limit that only this host could apply, and that it has no controller for.
   *
   * @throws CgroupException naming the field
   */
  public static void check(CgroupTree tree, List<LimitSetting> settings) throws CgroupException {
    for (LimitSetting setting : settings) {
      boolean there = tree.version() == Version.V2 || tree.with(setting.controller()).isPresent();
      if (setting.needed() && !there) {
        throw new CgroupException(
            setting.field()
                + ": "
                + value(setting)
                + ": the host has no controller "
                + setting.controller());
      }
    }
  }

  /**
   * Writes limits.
   *
   * @param cgroup has been made
   * @throws CgroupException naming the field that the kernel refuses, its value, and why
   */
  public static void write(HostCgroup cgroup, List<LimitSetting> settings) throws CgroupException {
    for (LimitSetting setting : settings) {
      write(cgroup, setting);
    }
  }

  private static void write(HostCgroup cgroup, LimitSetting setting) throws CgroupException {
    Optional<IOException> refusal = Optional.empty();
    for (LimitSetting.Write write : setting.writes()) {
      for (Path directory : cgroup.directories()) {
        Path file = directory.resolve(write.file());
        if (!Files.exists(file)) {
          continue;
        }
        try {
          Files.writeString(file, write.text(), StandardOpenOption.WRITE);
          return;
        } catch (IOException refused) {
          refusal = Optional.of(refused);
        }
      }
    }
    if (refusal.isPresent()) {
      throw new CgroupException(
          setting.field()
              + ": "
              + value(setting)
              + ": the host's kernel refuses it: "
              + CgroupDirectories.reason(refusal.get()),
          refusal.get());
    }
    if (setting.needed()) {
      throw new CgroupException(
          setting.field() + ": " + value(setting) + ": the host's kernel has no such limit here");
    }
  }

  private static String value(LimitSetting setting) {
    return setting.writes().get(setting.writes().size() - 1).text();
  }
}
