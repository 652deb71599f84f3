package dev.limpid.vm.network;

import dev.limpid.oci.json.JsonCursor;

/** The kernel's numbers of how far an address or a route reaches. */
final class Scopes {
  static final int GLOBAL = 0;
  static final int LINK = 253;
  static final int HOST = 254;

  private static final int NOWHERE = 255;

  private Scopes() {}

  static int parse(JsonCursor cursor) {
    return switch (cursor.asString()) {
      case "global" -> GLOBAL;
      case "site" -> 200;
      case "link" -> LINK;
      case "host" -> HOST;
      case "nowhere" -> NOWHERE;
      default -> (int) IpText.number(cursor, 0, 255);
    };
  }

  /** The scope as a word of a command line. */
  static String name(int scope) {
    return switch (scope) {
      case GLOBAL -> "global";
      case LINK -> "link";
      case HOST -> "host";
      default -> Integer.toString(scope);
    };
  }
}
