package dev.limpid.engine.guest;

import dev.limpid.oci.json.JsonCursor;
import dev.limpid.proto.GuestSysctl;
import java.util.Optional;

/**
 * RLIMIT_NOFILE among {@code process.rlimits}: no process may have a limit above the kernel's own,
 * which hosts commonly raise far above what a kernel begins with.
 */
final class OpenFilesLimit {
  /** What a kernel begins with. */
  private static final long USUAL = 1 << 20;

  /** What it can be raised to. */
  private static final long MOST = 0x7fff_ffc0L;

  private OpenFilesLimit() {}

  /**
   * What the guest's kernel has to be told so that the limit can be set; empty if nothing, or if it
   * never could.
   *
   * @param process the process, validated
   */
  static Optional<GuestSysctl> of(JsonCursor process) {
    for (JsonCursor limit : process.optionalElements("rlimits")) {
      if (!limit.requiredString("type").equals("RLIMIT_NOFILE")) {
        continue;
      }
      long hard = limit.required("hard").asUint64();
      if (hard > USUAL && hard <= MOST) {
        return Optional.of(new GuestSysctl("fs/nr_open", Long.toString(hard)));
      }
    }
    return Optional.empty();
  }
}
