package dev.limpid.proto;

/**
 * The agent, or the shim for it, has answered a request with FAILURE; the link goes on. The message
 * is theirs, made safe to print: it may come from a hostile guest.
 */
public final class AgentFailureException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String code;

  AgentFailureException(String code, String message) {
    super(message);
    this.code = code;
  }

  /**
   * What kind of failure: {@code invalid}, {@code state}, {@code runtime}, {@code system}, {@code
   * no-process} or {@code vm}. A later agent may have others.
   */
  public String code() {
    return code;
  }
}
