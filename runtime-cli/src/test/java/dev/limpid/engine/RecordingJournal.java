package dev.limpid.engine;

import java.util.ArrayList;
import java.util.List;

/** Keeps what it is told. */
public final class RecordingJournal implements Journal {
  private final List<String> records = new ArrayList<>();

  @Override
  public void debug(String message) {
    records.add("debug: " + message);
  }

  @Override
  public void warn(String message) {
    records.add("warning: " + message);
  }

  /** What was said, in its order. */
  public List<String> records() {
    return List.copyOf(records);
  }
}
