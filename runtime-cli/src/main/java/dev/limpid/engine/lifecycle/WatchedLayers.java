package dev.limpid.engine.lifecycle;

import dev.limpid.engine.Journal;
import dev.limpid.vm.layer.LayerProgress;
import java.nio.file.Path;

/** Tells whoever watches how far the image of a large layer is. */
final class WatchedLayers implements LayerProgress {
  private static final long MIB = 1L << 20;
  private static final int PERCENT = 100;

  private final Journal journal;

  WatchedLayers(Journal journal) {
    this.journal = journal;
  }

  @Override
  public void made(Path directory, long bytes, long expected) {
    // What is expected is a guess.
    long percent = Math.min(bytes * PERCENT / expected, PERCENT - 1);
    journal.progress(
        "making an image of layer "
            + directory
            + ": "
            + bytes / MIB
            + " of about "
            + expected / MIB
            + " MiB ("
            + percent
            + " %)");
  }

  @Override
  public void done() {
    journal.progressEnds();
  }
}
