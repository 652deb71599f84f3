package dev.limpid.oci;

import dev.limpid.oci.json.QuotedText;

/**
 * The name that a caller gives a container ("Runtime and Lifecycle": {@code create
 * <container-id>}). It becomes the name of a directory and part of command lines, so the rule is
 * the one of runc, less the comma, which runc's pattern lets in by accident and which would end an
 * option of QEMU.
 *
 * @param value 1 to 255 ASCII letters, digits, '_', '+', '-' and '.'; not "." or ".."
 */
public record ContainerId(String value) {
  /** The longest name that a directory can have. */
  private static final int MAX_LENGTH = 255;

  /**
   * Refuses everything else.
   *
   * @throws InvalidContainerIdException if the value is not such a name
   */
  public ContainerId {
    if (value.isEmpty()) {
      throw invalid(value, "it is empty");
    }
    if (value.length() > MAX_LENGTH) {
      throw invalid(value, "it is longer than " + MAX_LENGTH + " characters");
    }
    for (int i = 0; i < value.length(); i++) {
      if (!isAllowed(value.charAt(i))) {
        throw invalid(value, "only letters, digits, '_', '+', '-' and '.' are allowed");
      }
    }
    if (value.equals(".") || value.equals("..")) {
      throw invalid(value, "it is the name of a directory");
    }
  }

  /** The bare name. */
  @Override
  public String toString() {
    return value;
  }

  private static boolean isAllowed(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '_'
        || c == '+'
        || c == '-'
        || c == '.';
  }

  private static InvalidContainerIdException invalid(String value, String reason) {
    return new InvalidContainerIdException(
        "invalid container ID format: " + QuotedText.of(value) + ": " + reason);
  }
}
