package dev.limpid.engine.guest;

import dev.limpid.oci.json.JsonCursor;
import dev.limpid.proto.GuestSocket;
import dev.limpid.vm.shim.IdentityMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * A socket on the host that the guest shall reach. Of what type it is, the shim finds out.
 *
 * @param source on the host; absolute, without symbolic links
 * @param place where the guest has it
 */
public record HostSocket(Path source, GuestSocket place) {
  private static final int TYPE = 0170000;
  private static final int SOCKET = 0140000;
  private static final int PERMISSIONS = 0777;

  /**
   * The socket that a path is, or nothing if it is something else.
   *
   * @param file absolute, without symbolic links
   * @param place where the guest is to have it; absolute
   * @param identities how its owner is mapped, if it is
   * @param mount for the message if it has gone
   */
  static Optional<HostSocket> of(
      Path file, Path place, Optional<IdentityMap> identities, JsonCursor mount) {
    Map<String, Object> attributes;
    try {
      attributes = Files.readAttributes(file, "unix:mode,uid,gid", LinkOption.NOFOLLOW_LINKS);
    } catch (IOException gone) {
      throw mount.required("source").invalid("no such file or directory on the host");
    }
    int mode = (Integer) attributes.get("mode");
    if ((mode & TYPE) != SOCKET) {
      return Optional.empty();
    }
    long uid = (Integer) attributes.get("uid") & 0xffffffffL;
    long gid = (Integer) attributes.get("gid") & 0xffffffffL;
    if (identities.isPresent()) {
      uid = identities.get().user(uid);
      gid = identities.get().group(gid);
    }
    return Optional.of(
        new HostSocket(file, new GuestSocket(place.toString(), mode & PERMISSIONS, uid, gid)));
  }
}
