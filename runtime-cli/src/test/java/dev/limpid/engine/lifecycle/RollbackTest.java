package dev.limpid.engine.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.limpid.engine.EngineException;
import dev.limpid.engine.RecordingJournal;
import dev.limpid.engine.trace.Trace;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Steps are undone from the last to the first, whatever becomes of each. */
class RollbackTest {
  private final RecordingJournal journal = new RecordingJournal();
  private final List<String> undone = new ArrayList<>();

  @Test
  void undoesTheLastFirst() {
    try (Rollback rollback = new Rollback(journal, Trace.NONE)) {
      rollback.onFailure("first", () -> undone.add("first"));
      rollback.onFailure("second", () -> undone.add("second"));
    }

    assertEquals(List.of("second", "first"), undone);
    assertEquals(List.of(), journal.records());
  }

  @Test
  void goesOnWhenOneCannotBeUndone() {
    try (Rollback rollback = new Rollback(journal, Trace.NONE)) {
      rollback.onFailure("first", () -> undone.add("first"));
      rollback.onFailure(
          "second",
          () -> {
            throw new EngineException("stuck");
          });
      rollback.onFailure(
          "third",
          () -> {
            throw new IllegalStateException("broken");
          });
      rollback.onFailure("fourth", () -> undone.add("fourth"));
    }

    assertEquals(List.of("fourth", "first"), undone);
    assertEquals(
        List.of("warning: undoing third: broken", "warning: undoing second: stuck"),
        journal.records());
  }

  @Test
  void undoesNothingOfWhatWentWell() {
    try (Rollback rollback = new Rollback(journal, Trace.NONE)) {
      rollback.onFailure("first", () -> undone.add("first"));
      rollback.commit();
    }

    assertEquals(List.of(), undone);
  }

  @Test
  void undoesWhatCameAfterACommit() {
    try (Rollback rollback = new Rollback(journal, Trace.NONE)) {
      rollback.onFailure("first", () -> undone.add("first"));
      rollback.commit();
      rollback.onFailure("second", () -> undone.add("second"));
    }

    assertEquals(List.of("second"), undone);
  }
}
