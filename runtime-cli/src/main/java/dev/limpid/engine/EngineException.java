package dev.limpid.engine;

/**
 * A verb can't be carried out. The message is for the user, and for the callers that match runc's
 * wording; it says what failed, on which object.
 */
public class EngineException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** A failure with nothing more to tell than its message. */
  public EngineException(String message) {
    super(message);
  }

  /** A failure that has its cause in another one. */
  public EngineException(String message, Throwable cause) {
    super(message, cause);
  }
}
