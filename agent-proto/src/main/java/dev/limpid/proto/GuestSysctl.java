package dev.limpid.proto;

import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.QuotedText;
import java.nio.charset.StandardCharsets;

/**
 * A parameter of the guest's kernel.
 *
 * @param name its path below /proc/sys, for example {@code vm/swappiness}
 * @param value what is written there, up to 4095 bytes
 */
public record GuestSysctl(String name, String value) {
  /** How many a container can have. */
  public static final int COUNT_MAX = 256;

  private static final int NAME_MAX = 255;
  private static final int VALUE_MAX = 4095;

  /**
   * Checks the bounds.
   *
   * @throws IllegalArgumentException naming what is out of them
   */
  public GuestSysctl {
    if (!isName(name)) {
      throw new IllegalArgumentException(QuotedText.of(name) + " is not the name of a sysctl");
    }
    if (value.indexOf('\0') >= 0 || value.getBytes(StandardCharsets.UTF_8).length > VALUE_MAX) {
      throw new IllegalArgumentException("the value of the sysctl " + name);
    }
  }

  /**
   * Whether a text can be the name of one: components of letters, digits, {@code _}, {@code -},
   * {@code .} and {@code :}, none of dots alone.
   */
  public static boolean isName(String name) {
    int start = 0;
    boolean dotsAlone = true;
    for (int i = 0; i <= name.length(); i++) {
      char c = i < name.length() ? name.charAt(i) : '/';
      if (c == '/') {
        if (dotsAlone) {
          return false;
        }
        start = i + 1;
        dotsAlone = true;
      } else if (c != '.') {
        boolean plain =
            (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || c == '_'
                || c == '-'
                || c == ':';
        if (!plain) {
          return false;
        }
        dotsAlone = false;
      }
    }
    return start > 0 && name.length() <= NAME_MAX;
  }

  JsonObject toJson() {
    return JsonObject.builder().put("name", name).put("value", value).build();
  }
}
