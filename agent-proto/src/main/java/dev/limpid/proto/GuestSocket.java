package dev.limpid.proto;

import dev.limpid.oci.json.JsonObject;

/**
 * A place in the guest at which programs reach a socket of the host. Which one that is its number
 * says, which is its place in the list of them.
 *
 * @param path an absolute path below /run/limpid
 * @param mode the permissions of the socket's file, 0 to 0777
 * @param uid its owner, 0 to 2³²-2
 * @param gid its group, 0 to 2³²-2
 */
public record GuestSocket(String path, int mode, long uid, long gid) {
  /** How many a container can have. */
  public static final int COUNT_MAX = 64;

  private static final int MODE_MAX = 0777;
  private static final long ID_MAX = 0xfffffffeL;

  /**
   * Checks the bounds.
   *
   * @throws IllegalArgumentException naming what is out of them
   */
  public GuestSocket {
    GuestMount.checkPath(path);
    if (mode < 0 || mode > MODE_MAX || uid < 0 || uid > ID_MAX || gid < 0 || gid > ID_MAX) {
      throw new IllegalArgumentException(
          "the socket " + path + ": mode " + mode + ", uid " + uid + ", gid " + gid);
    }
  }

  JsonObject toJson() {
    return JsonObject.builder()
        .put("path", path)
        .put("mode", mode)
        .put("uid", uid)
        .put("gid", gid)
        .build();
  }
}
