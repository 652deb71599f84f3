package dev.limpid.engine.container;

import dev.limpid.engine.container.ContainerRecord.Phase;
import dev.limpid.oci.ContainerId;
import dev.limpid.vm.cgroup.HostCgroup;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Containers that nobody has made, for tests. */
public final class Containers {
  /** When they were made. */
  public static final Instant CREATED = Instant.parse("2025-03-01T12:34:56.000000789Z");

  private Containers() {}

  /** A container that no process stands for yet. */
  public static ContainerRecord without(String id, Phase phase) {
    return new ContainerRecord(
        new ContainerId(id),
        phase,
        false,
        Optional.empty(),
        List.of(),
        Path.of("/bundles", id),
        Path.of("/bundles", id, "rootfs"),
        CREATED,
        Map.of(),
        List.of(),
        Optional.empty(),
        HostCgroup.NONE);
  }

  /** A container that this very process stands for. */
  public static ContainerRecord alive(String id, Phase phase) {
    HostProcess self = HostProcess.of(ProcessHandle.current().pid());
    return without(id, phase).runBy(self, List.of(self));
  }

  /** A container whose shim has died. */
  public static ContainerRecord dead(String id, Phase phase) {
    return without(id, phase).runBy(new HostProcess(Integer.MAX_VALUE, 1), List.of());
  }

  /** A new container's directory, which no verb works on any more. */
  public static ContainerDirectory claimed(ContainerStore store, String id) {
    try (ContainerStore.Claim claim = store.claim(new ContainerId(id))) {
      return claim.directory();
    }
  }
}
