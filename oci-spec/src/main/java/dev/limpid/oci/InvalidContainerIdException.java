package dev.limpid.oci;

/** A name is not one that a container can have; the message shows the name and the rule. */
public final class InvalidContainerIdException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  InvalidContainerIdException(String message) {
    super(message);
  }
}
