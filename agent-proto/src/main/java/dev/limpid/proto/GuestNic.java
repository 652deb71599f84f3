package dev.limpid.proto;

import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.QuotedText;

/**
 * A network device that has been plugged into the guest.
 *
 * @param slot its place on the bus for such devices, 1 to 31
 * @param name what the guest is to call it; 1 to 15 bytes
 */
public record GuestNic(int slot, String name) {
  /** How many a guest can have. */
  public static final int COUNT_MAX = 31;

  private static final int NAME_MAX = 15;

  /** Checks the bounds. */
  public GuestNic {
    if (slot < 1 || slot > COUNT_MAX) {
      throw new IllegalArgumentException("network device in slot " + slot);
    }
    if (name.isEmpty() || name.length() > NAME_MAX) {
      throw new IllegalArgumentException("network device named " + QuotedText.of(name));
    }
  }

  JsonObject toJson() {
    return JsonObject.builder().put("slot", slot).put("name", name).build();
  }
}
