package dev.limpid.engine.lifecycle;

import dev.limpid.oci.json.JsonObject;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Which process to start in a container: a whole OCI process object, or what shall be different
 * from the container's own.
 */
public sealed interface ExecSpecification {
  /**
   * A process object, as {@code --process} has it.
   *
   * @param document its name in messages
   * @param process the object
   */
  record Whole(String document, JsonObject process) implements ExecSpecification {}

  /**
   * The container's own process with changes.
   *
   * @param args the program and its arguments
   * @param terminal whether it has a terminal
   * @param cwd its working directory, if another
   * @param env variables to add, each {@code NAME=value}
   * @param uid its user, if another
   * @param gid its group, if another
   * @param additionalGids groups to add
   * @param capabilities capabilities to add to all sets but the inheritable and ambient ones
   * @param noNewPrivileges whether it may not gain any; empty: as the container's
   */
  record Changes(
      List<String> args,
      boolean terminal,
      Optional<String> cwd,
      List<String> env,
      OptionalLong uid,
      OptionalLong gid,
      List<Long> additionalGids,
      List<String> capabilities,
      Optional<Boolean> noNewPrivileges)
      implements ExecSpecification {
    /** Copies the lists. */
    public Changes {
      args = List.copyOf(args);
      env = List.copyOf(env);
      additionalGids = List.copyOf(additionalGids);
      capabilities = List.copyOf(capabilities);
    }

    /** The container's process, changed. */
    JsonObject apply(JsonObject containers) {
      return new ChangedProcess(containers).with(this);
    }
  }
}
