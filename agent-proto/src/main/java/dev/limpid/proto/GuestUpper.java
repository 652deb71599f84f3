package dev.limpid.proto;

import dev.limpid.oci.json.JsonObject;
import java.util.Optional;

/**
 * What the upper layer of a container's overlay is filled with when it lies on a file system of the
 * guest's own: before the overlay is mounted, in the directory {@code upper} of that file system.
 *
 * @param target where that file system is mounted, which the same request does
 * @param source the directory whose contents are filled in; below /run/limpid
 * @param aside if all is to be brought back to {@code source} when the container is paused and when
 *     it has ended: a directory of the same mount as {@code source}, for what is being made; below
 *     /run/limpid
 * @param attributesAlone whether only the attributes of {@code source} itself are taken; nothing is
 *     brought back then
 */
public record GuestUpper(
    String target, String source, Optional<String> aside, boolean attributesAlone) {
  /**
   * Checks the paths.
   *
   * @throws IllegalArgumentException naming what the agent would refuse
   */
  public GuestUpper {
    GuestMount.checkPath(target);
    GuestMount.checkPath(source);
    if (aside.isPresent()) {
      GuestMount.checkPath(aside.get());
      if (attributesAlone) {
        throw new IllegalArgumentException("upper: attributes alone are not brought back");
      }
    }
  }

  JsonObject toJson() {
    JsonObject.Builder json = JsonObject.builder().put("target", target).put("source", source);
    if (aside.isPresent()) {
      json.put("aside", aside.get());
    }
    if (attributesAlone) {
      json.put("attributesAlone", true);
    }
    return json.build();
  }
}
