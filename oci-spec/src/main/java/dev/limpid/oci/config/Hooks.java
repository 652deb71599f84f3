package dev.limpid.oci.config;

import java.util.List;

/**
 * Programs of the caller that run at points of the lifecycle (config.md, "POSIX-platform Hooks"),
 * each list in its order.
 *
 * @param prestart deprecated by the specification, used by Docker: in the runtime namespace, during
 *     create
 * @param createRuntime in the runtime namespace, during create, after prestart
 * @param createContainer in the container namespace, during create
 * @param startContainer in the container namespace, before the process of the user
 * @param poststart in the runtime namespace, after start
 * @param poststop in the runtime namespace, after delete
 */
public record Hooks(
    List<Hook> prestart,
    List<Hook> createRuntime,
    List<Hook> createContainer,
    List<Hook> startContainer,
    List<Hook> poststart,
    List<Hook> poststop) {
  /** The names of the lists in config.json, in the order in which they run. */
  public static final List<String> NAMES =
      List.of(
          "prestart",
          "createRuntime",
          "createContainer",
          "startContainer",
          "poststart",
          "poststop");

  /** Copies the collections. */
  public Hooks {
    prestart = List.copyOf(prestart);
    createRuntime = List.copyOf(createRuntime);
    createContainer = List.copyOf(createContainer);
    startContainer = List.copyOf(startContainer);
    poststart = List.copyOf(poststart);
    poststop = List.copyOf(poststop);
  }

  /** No hook at all. */
  public static final Hooks NONE =
      new Hooks(List.of(), List.of(), List.of(), List.of(), List.of(), List.of());
}
