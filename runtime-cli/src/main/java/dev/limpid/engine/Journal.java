package dev.limpid.engine;

/**
 * Where the engine says what is no failure but worth knowing. Nothing is set up before it is used.
 */
public interface Journal {
  /** For somebody who looks for the reason of a behaviour; kept only with {@code --debug}. */
  void debug(String message);

  /** Something was ignored, changed or is probably not what the user meant. */
  void warn(String message);

  /**
   * How far something is that takes long, for a person who watches; takes the place of what was
   * said by this last.
   */
  default void progress(String message) {
    // Nobody watches.
  }

  /** What {@link #progress} has told of is at its end. */
  default void progressEnds() {
    // Nobody watches.
  }
}
