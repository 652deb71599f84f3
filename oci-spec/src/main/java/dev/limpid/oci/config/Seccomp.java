package dev.limpid.oci.config;

import dev.limpid.oci.json.JsonObject;
import java.util.List;
import java.util.Optional;

/**
 * The system call filter (config-linux.md, "Seccomp"). It is checked as a whole; typed is what
 * concerns the host, the rules are in {@link #raw()}.
 *
 * @param defaultAction one of {@link #ACTIONS}
 * @param architectures some of {@link #ARCHITECTURES}
 * @param flags some of {@link #FLAGS}
 * @param listenerPath a socket on the host that gets the notifications, absolute
 * @param raw the section as it was read, unknown members included
 */
public record Seccomp(
    String defaultAction,
    List<String> architectures,
    List<String> flags,
    Optional<String> listenerPath,
    JsonObject raw) {

  /** What a filter can do about a system call. */
  public static final List<String> ACTIONS =
      List.of(
          "SCMP_ACT_ALLOW",
          "SCMP_ACT_ERRNO",
          "SCMP_ACT_KILL",
          "SCMP_ACT_KILL_PROCESS",
          "SCMP_ACT_KILL_THREAD",
          "SCMP_ACT_LOG",
          "SCMP_ACT_NOTIFY",
          "SCMP_ACT_TRACE",
          "SCMP_ACT_TRAP");

  /** How an argument of a system call is compared. */
  public static final List<String> OPERATORS =
      List.of(
          "SCMP_CMP_EQ",
          "SCMP_CMP_GE",
          "SCMP_CMP_GT",
          "SCMP_CMP_LE",
          "SCMP_CMP_LT",
          "SCMP_CMP_MASKED_EQ",
          "SCMP_CMP_NE");

  /** Whose system calls a filter can be for. */
  public static final List<String> ARCHITECTURES =
      List.of(
          "SCMP_ARCH_AARCH64",
          "SCMP_ARCH_ARM",
          "SCMP_ARCH_LOONGARCH64",
          "SCMP_ARCH_M68K",
          "SCMP_ARCH_MIPS",
          "SCMP_ARCH_MIPS64",
          "SCMP_ARCH_MIPS64N32",
          "SCMP_ARCH_MIPSEL",
          "SCMP_ARCH_MIPSEL64",
          "SCMP_ARCH_MIPSEL64N32",
          "SCMP_ARCH_PARISC",
          "SCMP_ARCH_PARISC64",
          "SCMP_ARCH_PPC",
          "SCMP_ARCH_PPC64",
          "SCMP_ARCH_PPC64LE",
          "SCMP_ARCH_RISCV64",
          "SCMP_ARCH_S390",
          "SCMP_ARCH_S390X",
          "SCMP_ARCH_SH",
          "SCMP_ARCH_SHEB",
          "SCMP_ARCH_X32",
          "SCMP_ARCH_X86",
          "SCMP_ARCH_X86_64");

  /** How a filter can be installed. */
  public static final List<String> FLAGS =
      List.of(
          "SECCOMP_FILTER_FLAG_LOG",
          "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
          "SECCOMP_FILTER_FLAG_TSYNC",
          "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV");

  /** Copies the collections. */
  public Seccomp {
    architectures = List.copyOf(architectures);
    flags = List.copyOf(flags);
  }
}
