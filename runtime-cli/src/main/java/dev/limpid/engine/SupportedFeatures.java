package dev.limpid.engine;

import dev.limpid.oci.SpecVersion;
import dev.limpid.oci.config.Capabilities;
import dev.limpid.oci.features.CgroupFeatures;
import dev.limpid.oci.features.Features;
import dev.limpid.oci.features.LinuxFeatures;
import dev.limpid.oci.features.SeccompFeatures;
import java.util.List;
import java.util.Map;

/** What Limpid can do, in the terms of the specification (features.md). */
public final class SupportedFeatures {
  /**
   * createContainer is missing: such a hook would have to run on the host and in the guest at once.
   */
  private static final List<String> HOOKS =
      List.of("prestart", "createRuntime", "startContainer", "poststart", "poststop");

  /** All of them, some for what is not bound from the host only. */
  private static final List<String> MOUNT_OPTIONS =
      List.of(
          "async",
          "atime",
          "bind",
          "defaults",
          "dev",
          "diratime",
          "dirsync",
          "exec",
          "idmap",
          "iversion",
          "lazytime",
          "loud",
          "mand",
          "noatime",
          "nodev",
          "nodiratime",
          "noexec",
          "noiversion",
          "nolazytime",
          "nomand",
          "norelatime",
          "nostrictatime",
          "nosuid",
          "nosymfollow",
          "private",
          "ratime",
          "rbind",
          "rdev",
          "rdiratime",
          "relatime",
          "remount",
          "rexec",
          "ridmap",
          "rnoatime",
          "rnodev",
          "rnodiratime",
          "rnoexec",
          "rnorelatime",
          "rnostrictatime",
          "rnosuid",
          "rnosymfollow",
          "ro",
          "rprivate",
          "rrelatime",
          "rro",
          "rrw",
          "rshared",
          "rslave",
          "rstrictatime",
          "rsuid",
          "rsymfollow",
          "runbindable",
          "rw",
          "shared",
          "silent",
          "slave",
          "strictatime",
          "suid",
          "symfollow",
          "sync",
          "tmpcopyup",
          "unbindable");

  private static final List<String> NAMESPACES =
      List.of("cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts");

  private static final SeccompFeatures SECCOMP =
      new SeccompFeatures(
          true,
          List.of(
              "SCMP_ACT_ALLOW",
              "SCMP_ACT_ERRNO",
              "SCMP_ACT_KILL",
              "SCMP_ACT_KILL_PROCESS",
              "SCMP_ACT_KILL_THREAD",
              "SCMP_ACT_LOG",
              "SCMP_ACT_TRACE",
              "SCMP_ACT_TRAP"),
          List.of(
              "SCMP_CMP_EQ",
              "SCMP_CMP_GE",
              "SCMP_CMP_GT",
              "SCMP_CMP_LE",
              "SCMP_CMP_LT",
              "SCMP_CMP_MASKED_EQ",
              "SCMP_CMP_NE"),
          List.of("SCMP_ARCH_X32", "SCMP_ARCH_X86", "SCMP_ARCH_X86_64"),
          List.of(
              "SECCOMP_FILTER_FLAG_LOG",
              "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
              "SECCOMP_FILTER_FLAG_TSYNC"),
          List.of(
              "SECCOMP_FILTER_FLAG_LOG",
              "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
              "SECCOMP_FILTER_FLAG_TSYNC"));

  private SupportedFeatures() {}

  /** The features document. */
  public static Features document() {
    return new Features(
        SpecVersion.OLDEST,
        SpecVersion.CURRENT,
        HOOKS,
        MOUNT_OPTIONS,
        new LinuxFeatures(
            NAMESPACES,
            Capabilities.KNOWN,
            new CgroupFeatures(true, true, true, false, false),
            SECCOMP,
            false,
            false,
            false,
            true),
        Map.of(),
        List.of());
  }
}
