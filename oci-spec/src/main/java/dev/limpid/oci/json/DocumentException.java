package dev.limpid.oci.json;

/** A document of the caller cannot be used as it is; the message says where and why. */
public abstract sealed class DocumentException extends RuntimeException
    permits JsonSyntaxException, InvalidSpecException {
  private static final long serialVersionUID = 1L;

  private final String document;

  DocumentException(String document, String message) {
    super(message);
    this.document = document;
  }

  /** The name of the document as the caller gave it, for example {@code config.json}. */
  public String document() {
    return document;
  }
}
