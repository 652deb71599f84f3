package dev.limpid.engine.network;

import dev.limpid.oci.json.InvalidSpecException;
import dev.limpid.oci.json.JsonCursor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Who uses the network namespace that a container shall have, as processes of the host's kernel. A
 * VM takes all that arrives at the interfaces of its namespace: nobody else there would get
 * anything.
 */
public sealed interface NetworkSharing {
  /** What config.json may say instead, and what comes of it. */
  String ADVICE =
      "give the container a network of its own, or set \"userNetwork\" in limpid.json; see"
          + " docs/networking.md";

  /** Nobody: it is there for the container. */
  record WithNobody() implements NetworkSharing {}

  /** The host itself. */
  record WithHost() implements NetworkSharing {}

  /**
   * A container that is not in a VM.
   *
   * @param pid one of its processes
   */
  record WithContainer(String pid) implements NetworkSharing {}

  /**
   * Whether a container is in a network namespace of a kind, not in the host's for lack of one.
   *
   * @param linux the section {@code linux} of its config.json
   */
  static boolean isNamed(JsonCursor linux) {
    return namespace(linux).isPresent();
  }

  /**
   * With whom the container of a config.json would share.
   *
   * @param linux its section {@code linux}, validated
   * @throws InvalidSpecException if it names a namespace that can't be looked at
   */
  static NetworkSharing of(JsonCursor linux) {
    return of(linux, new NamespaceUsers(Path.of("/proc")));
  }

  /**
   * The same, for a host.
   *
   * @param users of its namespaces
   */
  static NetworkSharing of(JsonCursor linux, NamespaceUsers users) {
    Optional<JsonCursor> network = namespace(linux);
    if (network.isEmpty()) {
      return new WithHost();
    }
    Optional<JsonCursor> path = path(network.get());
    if (path.isEmpty()) {
      return new WithNobody();
    }
    Path namespace = Path.of(path.get().asString());
    try {
      if (users.hostIsIn(namespace)) {
        return new WithHost();
      }
      Optional<String> container = users.containerIn(namespace);
      return container.isPresent() ? new WithContainer(container.get()) : new WithNobody();
    } catch (IOException failed) {
      throw path.get().invalid("can't be read: " + failed.getMessage());
    }
  }

  /**
   * Why a VM can't have the namespace as its own, and what to do.
   *
   * @param linux the section {@code linux} that this is of
   * @return empty if it can
   */
  default Optional<InvalidSpecException> refusal(JsonCursor linux) {
    if (this instanceof WithNobody) {
      return Optional.empty();
    }
    Optional<JsonCursor> path = namespace(linux).flatMap(NetworkSharing::path);
    if (this instanceof WithContainer container) {
      return Optional.of(
          path.orElse(linux)
              .refused(
                  "is the network namespace of another container (process "
                      + container.pid()
                      + "), which is not in a virtual machine, and would lose its network to this"
                      + " one's: run that one with limpid, or "
                      + ADVICE));
    }
    String reason = ": a virtual machine can't use the host's interfaces as its own: " + ADVICE;
    if (path.isPresent()) {
      return Optional.of(path.get().refused("is the host's network namespace" + reason));
    }
    return Optional.of(
        linux.refused("namespaces: none of type network, so it is the host's" + reason));
  }

  private static Optional<JsonCursor> namespace(JsonCursor linux) {
    return linux.optionalElements("namespaces").stream()
        .filter(namespace -> namespace.requiredString("type").equals("network"))
        .findFirst();
  }

  private static Optional<JsonCursor> path(JsonCursor namespace) {
    return namespace.optional("path").filter(path -> !path.asString().isEmpty());
  }
}
