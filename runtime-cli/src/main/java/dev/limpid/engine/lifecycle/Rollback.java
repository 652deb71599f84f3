package dev.limpid.engine.lifecycle;

import dev.limpid.engine.Journal;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What has to be undone if something that takes several steps fails: each step says how when it has
 * taken something, and closing undoes the last first, unless all went well.
 */
final class Rollback implements AutoCloseable {
  private record Step(String name, Runnable undo) {}

  private final Journal journal;
  private final Deque<Step> steps = new ArrayDeque<>();

  Rollback(Journal journal) {
    this.journal = journal;
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
    steps.push(new Step(name, undo));
  }

  /** All went well: nothing is undone. */
  void commit() {
    steps.clear();
  }

  @Override
  public void close() {
    while (!steps.isEmpty()) {
      Step step = steps.pop();
      try {
        step.undo().run();
      } catch (RuntimeException failed) {
        // The first failure is the one to tell the user; the other steps still have to be undone.
        journal.warn("undoing " + step.name() + ": " + failed.getMessage());
      }
    }
  }
}
