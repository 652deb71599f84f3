package dev.limpid.engine.guest;

import dev.limpid.vm.rootfs.GuestPlace;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * What a container finds in its guest.
 *
 * @param place where the guest has what is the container's own
 * @param namespaces those of containers in the same guest that it may join: what config.json calls
 *     them by, and the guest
 * @param sharedMemory the folder of the host for which the guest has {@code /dev/shm} already, that
 *     of the container that it was started for
 */
public record Surroundings(
    GuestPlace place, Map<String, Path> namespaces, Optional<Path> sharedMemory) {
  /** Of a container in a VM of its own. */
  public static final Surroundings NONE =
      new Surroundings(GuestPlace.ALONE, Map.of(), Optional.empty());

  /** Copies the map. */
  public Surroundings {
    namespaces = Map.copyOf(namespaces);
  }
}
