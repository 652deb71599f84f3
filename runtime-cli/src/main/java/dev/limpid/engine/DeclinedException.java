package dev.limpid.engine;

/**
 * A verb that was handed over to a resident process needs one of its own. Nothing has been done of
 * it, nor said.
 */
public final class DeclinedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Declines a verb.
   *
   * @param reason what it would take
   */
  public DeclinedException(String reason) {
    super(reason);
  }
}
