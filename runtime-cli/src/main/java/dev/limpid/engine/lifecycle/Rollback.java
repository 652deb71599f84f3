package dev.limpid.engine.lifecycle;

import dev.limpid.engine.Journal;
import dev.limpid.engine.trace.Step;
import dev.limpid.engine.trace.Trace;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What has to be undone if something that takes several steps fails: each step says how when it has
 * taken something, and closing undoes the last first, unless all went well.
 */
final class Rollback implements AutoCloseable {
  private record Undo(String name, Runnable undo) {}

  private final Journal journal;
  private final Trace trace;
  private final Deque<Undo> steps = new ArrayDeque<>();

  Rollback(Journal journal, Trace trace) {
    this.journal = journal;
    this.trace = trace;
  }

  /** Told what can't be undone. */
  Journal journal() {
    return journal;
  }

  /**
   * Something was taken.
   *
   * @param name what, for the journal
   * @param undo gives it back
   */
  void onFailure(String name, Runnable undo) {
    steps.push(new Undo(name, undo));
  }

  /** All went well: nothing is undone. */
  void commit() {
    steps.clear();
  }

  @Override
  @SuppressWarnings("try") // The step is ended, not used.
  public void close() {
    if (steps.isEmpty()) {
      return;
    }
    try (Step step = trace.begin("undo")) {
      undo();
    }
  }

  private void undo() {
    while (!steps.isEmpty()) {
      Undo undo = steps.pop();
      try {
        undo.undo().run();
      } catch (RuntimeException failed) {
        // The first failure is the one to tell the user; the other steps still have to be undone.
        journal.warn("undoing " + undo.name() + ": " + failed.getMessage());
      }
    }
  }
}
