package dev.limpid.engine.lifecycle;

import dev.limpid.engine.container.ContainerLock;
import dev.limpid.engine.container.ContainerStore;
import dev.limpid.oci.ContainerId;
import java.io.IOException;
import java.nio.file.Path;

/** Another process, which keeps all others from changing a container until its input ends. */
final class OtherVerb {
  private OtherVerb() {}

  static Process start(Path root, ContainerId id) throws IOException {
    Process verb =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                OtherVerb.class.getName(),
                root.toString(),
                id.value())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    if (verb.getInputStream().read() < 0) {
      throw new IOException("there is no lock");
    }
    return verb;
  }

  /** Holds the container's lock. */
  @SuppressWarnings("try") // The lock is held, not used.
  public static void main(String[] args) throws IOException {
    try (ContainerLock lock =
        new ContainerStore(Path.of(args[0])).find(new ContainerId(args[1])).lock()) {
      System.out.println("held");
      System.out.flush();
      while (System.in.read() >= 0) {
        // It is held.
      }
    }
  }
}
