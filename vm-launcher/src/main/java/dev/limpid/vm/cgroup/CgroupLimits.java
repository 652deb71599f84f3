package dev.limpid.vm.cgroup;

import dev.limpid.vm.cgroup.CgroupTree.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
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
   * Writes limits. In which order the kernel takes them depends on what holds before: a quota may
   * have to be lowered before a period, or a burst before a quota.
   *
   * @param cgroup has been made
   * @throws CgroupException naming the field that the kernel refuses, its value, and why
   */
  public static void write(HostCgroup cgroup, List<LimitSetting> settings) throws CgroupException {
    if (writeInSomeOrder(cgroup, settings).isEmpty()) {
      return;
    }
    // What was taken of one of them may be too much for another: then what is asked for last.
    List<LimitSetting> modest = new ArrayList<>();
    for (LimitSetting setting : settings) {
      modest.add(setting.lastFirst());
    }
    List<Refusal> refusals = writeInSomeOrder(cgroup, modest);
    if (!refusals.isEmpty()) {
      Refusal refusal = refusals.get(0);
      throw new CgroupException(
          refusal.setting.field()
              + ": "
              + value(refusal.setting.lastFirst())
              + ": the host's kernel refuses it: "
              + CgroupDirectories.reason(refusal.reason),
          refusal.reason);
    }
  }

  /** What the kernel does not take. */
  private record Refusal(LimitSetting setting, IOException reason) {}

  /** What is refused is written again after the others, as long as any of them is taken. */
  private static List<Refusal> writeInSomeOrder(HostCgroup cgroup, List<LimitSetting> settings)
      throws CgroupException {
    List<LimitSetting> left = settings;
    while (true) {
      List<Refusal> refusals = new ArrayList<>();
      List<LimitSetting> refused = new ArrayList<>();
      for (LimitSetting setting : left) {
        Optional<IOException> reason = write(cgroup, setting);
        if (reason.isPresent()) {
          refusals.add(new Refusal(setting, reason.get()));
          refused.add(setting);
        }
      }
      if (refused.isEmpty() || refused.size() == left.size()) {
        return refusals;
      }
      left = refused;
    }
  }

  /** Returns why the kernel refuses it, if it does. */
  private static Optional<IOException> write(HostCgroup cgroup, LimitSetting setting)
      throws CgroupException {
    Optional<IOException> refusal = Optional.empty();
    for (LimitSetting.Write write : setting.writes()) {
      for (Path directory : cgroup.directories()) {
        Path file = directory.resolve(write.file());
        if (!Files.exists(file)) {
          continue;
        }
        try {
          Files.writeString(file, write.text(), StandardOpenOption.WRITE);
          return Optional.empty();
        } catch (IOException refused) {
          refusal = Optional.of(refused);
        }
      }
    }
    if (refusal.isEmpty() && setting.needed()) {
      throw new CgroupException(
          setting.field() + ": " + value(setting) + ": the host's kernel has no such limit here");
    }
    return refusal;
  }

  private static String value(LimitSetting setting) {
    return setting.writes().get(setting.writes().size() - 1).text();
  }
}
