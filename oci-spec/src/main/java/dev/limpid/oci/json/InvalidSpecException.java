package dev.limpid.oci.json;

/**
 * A document is JSON but breaks the specification, or asks for what cannot be had. The message
 * names the document, the path of the value in it, what is expected and what was found: {@code
 * config.json: mounts[3].source: must be a string, found a number}.
 */
public final class InvalidSpecException extends DocumentException {
  private static final long serialVersionUID = 1L;

  private final String path;

  /**
   * A value is of the right type and cannot be used all the same, for a reason that only its user
   * knows. Whoever has a {@link JsonCursor} on the value asks that for the exception.
   *
   * @param document the name in the message, for example {@code config.json}
   * @param path where the value stands, for example {@code mounts[3].source}; empty for the root
   * @param problem what is wrong, for example {@code /data does not exist}; {@link QuotedText}
   *     makes text of strangers fit for it
   */
  public InvalidSpecException(String document, String path, String problem) {
    super(document, locate(document, path, problem));
    this.path = path;
  }

  /** The path of the value that is wrong or missing, for example {@code mounts[3].source}. */
  public String path() {
    return path;
  }

  /** One line that says where something stands and what is to be said of it. */
  static String locate(String document, String path, String text) {
    return path.isEmpty() ? document + ": " + text : document + ": " + path + ": " + text;
  }
}
