package dev.limpid.proto;

import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;

/** Requests as verbs make them. */
final class Requests {
  static final GuestMount LAYER =
      new GuestMount(
          "erofs",
          "layer:01234567-89ab-cdef-0123-456789abcdef",
          "/run/limpid/layers/0",
          EnumSet.of(MountFlag.NODEV, MountFlag.RO),
          "");

  private Requests() {}

  static Entropy entropy() {
    return Entropy.of(new byte[32]);
  }

  static PrepareRequest prepare() {
    return new PrepareRequest(
        Instant.ofEpochSecond(1_700_000_000L, 999_999_999),
        entropy(),
        List.of(LAYER, GuestMount.bind("/run/limpid/a", "/run/limpid/b", MountFlag.REC)),
        List.of("/run/limpid/upper"),
        Optional.empty(),
        false);
  }
}
