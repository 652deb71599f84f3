package dev.limpid.config;

import dev.limpid.oci.json.JsonCursor;

/** What becomes of a container that shares its network with the host or an ordinary container. */
public enum UserNetwork {
  /** It is not made. */
  REFUSE("refuse"),
  /** A process in that network, passt, makes the connections that the guest asks for. */
  PASST("passt");

  private final String word;

  UserNetwork(String word) {
    this.word = word;
  }

  static UserNetwork of(JsonCursor member) {
    for (UserNetwork each : values()) {
      if (each.word.equals(member.asString())) {
        return each;
      }
    }
    throw member.invalid("must be refuse or passt");
  }
}
