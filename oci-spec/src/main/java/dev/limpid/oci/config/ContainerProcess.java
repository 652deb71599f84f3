package dev.limpid.oci.config;

import dev.limpid.oci.json.JsonObject;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A process of a container (config.md, "Process"): the first one, or one of {@code exec}. Not
 * called Process because java.lang is imported everywhere.
 *
 * @param terminal whether a terminal is attached
 * @param consoleSize the size of that terminal
 * @param user who it runs as; {@link User#ROOT} if absent
 * @param args the program and its arguments, at least one
 * @param env the environment, each {@code NAME=value}
 * @param cwd the working directory, absolute
 * @param capabilities the capability sets; absent: none is changed
 * @param rlimits the resource limits, no type twice
 * @param noNewPrivileges whether execve may not gain privileges
 * @param oomScoreAdj -1000 to 1000
 * @param apparmorProfile the name of an AppArmor profile
 * @param selinuxLabel an SELinux label
 * @param ioPriority its I/O priority
 * @param scheduler how it is scheduled
 * @param execCpuAffinity the CPUs it starts on, if it is one of {@code exec}
 * @param raw the section as it was read, unknown members included
 */
public record ContainerProcess(
    boolean terminal,
    Optional<ConsoleSize> consoleSize,
    User user,
    List<String> args,
    List<String> env,
    String cwd,
    Optional<Capabilities> capabilities,
    List<Rlimit> rlimits,
    boolean noNewPrivileges,
    OptionalInt oomScoreAdj,
    Optional<String> apparmorProfile,
    Optional<String> selinuxLabel,
    Optional<IoPriority> ioPriority,
    Optional<Scheduler> scheduler,
    Optional<ExecCpuAffinity> execCpuAffinity,
    JsonObject raw) {
  /** Copies the collections. */
  public ContainerProcess {
    args = List.copyOf(args);
    env = List.copyOf(env);
    rlimits = List.copyOf(rlimits);
  }
}
