package dev.limpid.config;

import dev.limpid.oci.json.JsonCursor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The words of a kernel's command line. */
public final class KernelParameter {
  private KernelParameter() {}

  /**
   * The words of an array.
   *
   * @throws dev.limpid.oci.json.InvalidSpecException for what would be none, or more than one
   */
  public static List<String> all(JsonCursor array) {
    List<String> words = new ArrayList<>();
    for (JsonCursor parameter : array.elements()) {
      String text = parameter.asString();
      boolean one = !text.isEmpty();
      for (int i = 0; i < text.length(); i++) {
        one &= text.charAt(i) > ' ' && text.charAt(i) <= '~';
      }
      if (!one) {
        throw parameter.invalid("must be one parameter of printable ASCII, without blanks");
      }
      words.add(text);
    }
    return words;
  }

  /** The words of an array that may be there. */
  public static List<String> all(Optional<JsonCursor> array) {
    return array.isEmpty() ? List.of() : all(array.get());
  }
}
