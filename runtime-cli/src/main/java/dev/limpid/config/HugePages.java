package dev.limpid.config;

import dev.limpid.oci.json.JsonCursor;
import java.util.OptionalInt;

/** Which pages of the host the memory of a VM consists of. */
public enum HugePages {
  /** Usual ones, which the host's kernel finds when the guest touches them. */
  NEVER("never", OptionalInt.empty()),
  /** Huge ones of 2 MiB, which the administrator has reserved. */
  OF_2_MIB("2M", OptionalInt.of(2)),
  /** Huge ones of 1 GiB, which the administrator has reserved. */
  OF_1_GIB("1G", OptionalInt.of(1024));

  private final String word;
  private final OptionalInt pageMiB;

  HugePages(String word, OptionalInt pageMiB) {
    this.word = word;
    this.pageMiB = pageMiB;
  }

  /** Its name in the configuration. */
  public String word() {
    return word;
  }

  /** How large a huge page is, in MiB; empty: there are none. */
  public OptionalInt pageMiB() {
    return pageMiB;
  }

  /**
   * The ones of this name.
   *
   * @throws dev.limpid.oci.json.InvalidSpecException naming those there are
   */
  public static HugePages of(JsonCursor member) {
    for (HugePages each : values()) {
      if (each.word.equals(member.asString())) {
        return each;
      }
    }
    throw member.invalid("must be never, 2M or 1G");
  }
}
