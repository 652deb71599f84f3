package dev.limpid.vm.shim;

/**
 * Which owners files have in a mount, by those that they have in their file system. Both maps are
 * lines of three numbers each, as in user_namespaces(7): the first id in the file system, the first
 * in the mount, how many.
 *
 * @param users of users
 * @param groups of groups
 * @param recursive whether it holds in what is mounted below as well
 */
public record IdentityMap(String users, String groups, boolean recursive) {
  /** Bytes that a map may have: the kernel takes less than a page. */
  public static final int LENGTH_MAX = 4095;

  /** What an id becomes that has no place in the map, as the kernel shows it. */
  private static final long NOBODY = 65534;

  /**
   * Checks the bounds.
   *
   * @throws IllegalArgumentException if one is empty or too long
   */
  public IdentityMap {
    for (String map : new String[] {users, groups}) {
      if (map.isEmpty() || map.length() > LENGTH_MAX) {
        throw new IllegalArgumentException("a map of ids of " + map.length() + " bytes");
      }
    }
  }

  /** The user that the owner of a file is seen as. */
  public long user(long id) {
    return seen(users, id);
  }

  /** The group that the group of a file is seen as. */
  public long group(long id) {
    return seen(groups, id);
  }

  private static long seen(String map, long id) {
    for (String line : map.trim().split("\n", -1)) {
      String[] numbers = line.trim().split(" +", -1);
      long first = Long.parseLong(numbers[0]);
      if (id >= first && id - first < Long.parseLong(numbers[2])) {
        return Long.parseLong(numbers[1]) + (id - first);
      }
    }
    return NOBODY;
  }
}
