package dev.limpid.oci.config;

import java.util.List;
import java.util.OptionalInt;

/**
 * Who a process runs as (config.md, "POSIX-platform User").
 *
 * @param uid 0 to 2^32-1
 * @param gid 0 to 2^32-1
 * @param umask 0 to 0777; absent: that of the runtime
 * @param additionalGids supplementary groups, each 0 to 2^32-1
 */
public record User(long uid, long gid, OptionalInt umask, List<Long> additionalGids) {
  /** Copies the collections. */
  public User {
    additionalGids = List.copyOf(additionalGids);
  }

  /** The user and group 0 and nothing else. */
  public static final User ROOT = new User(0, 0, OptionalInt.empty(), List.of());
}
