package dev.limpid.engine.network;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Who else is in a network namespace of the host. */
final class NamespaceUsers {
  private final Path proc;

  /**
   * Looks at the processes of a host.
   *
   * @param proc its {@code /proc}
   */
  NamespaceUsers(Path proc) {
    this.proc = proc;
  }

  /**
   * Whether a network namespace is that of the host: the one of this process, or of the host's
   * first one, which may not be known.
   *
   * @throws IOException if there is no such namespace
   */
  boolean hostIsIn(Path network) throws IOException {
    Object wanted = Files.getAttribute(network, "unix:ino");
    return isIn(proc.resolve("self"), wanted) || isIn(proc.resolve("1"), wanted);
  }

  /**
   * A process of a container in a network namespace. A process that has the same pid namespace as
   * this one is none: engines, shells and virtual machines have their own reasons to be there.
   *
   * @return its pid, or empty if there is none
   * @throws IOException if there is no such namespace
   */
  Optional<String> containerIn(Path network) throws IOException {
    Object wanted = Files.getAttribute(network, "unix:ino");
    Path ours = Files.readSymbolicLink(proc.resolve("self/ns/pid"));
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(proc, "[0-9]*")) {
      for (Path process : processes) {
        if (isIn(process, wanted) && !ours.equals(pidNamespace(process))) {
          return Optional.of(process.getFileName().toString());
        }
      }
    } catch (DirectoryIteratorException failed) {
      throw failed.getCause();
    }
    return Optional.empty();
  }

  private static boolean isIn(Path process, Object wanted) {
    try {
      return wanted.equals(Files.getAttribute(process.resolve("ns/net"), "unix:ino"));
    } catch (IOException ended) {
      return false;
    }
  }

  private static Path pidNamespace(Path process) throws IOException {
    try {
      return Files.readSymbolicLink(process.resolve("ns/pid"));
    } catch (IOException ended) {
      return Files.readSymbolicLink(process.resolveSibling("self").resolve("ns/pid"));
    }
  }
}
