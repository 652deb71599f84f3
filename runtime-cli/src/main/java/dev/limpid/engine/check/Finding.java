package dev.limpid.engine.check;

/**
 * What was found out about one thing.
 *
 * @param name the thing
 * @param verdict how it is
 * @param detail what was found
 * @param advice what to do about it; empty if nothing needs doing
 */
public record Finding(String name, Verdict verdict, String detail, String advice) {
  /** How a thing is. */
  public enum Verdict {
    /** As it should be. */
    FINE,
    /** Not there; containers run all the same, worse. */
    LACKING,
    /** Not there, and no container runs without it. */
    MISSING
  }

  static Finding fine(String name, String detail) {
    return new Finding(name, Verdict.FINE, detail, "");
  }

  static Finding lacking(String name, String detail, String advice) {
    return new Finding(name, Verdict.LACKING, detail, advice);
  }

  static Finding missing(String name, String detail, String advice) {
    return new Finding(name, Verdict.MISSING, detail, advice);
  }
}
