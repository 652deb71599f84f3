package dev.limpid.vm.cgroup;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * A limit as the files of a control group have it.
 *
 * @param field the member of LinuxResources that asks for it, for example {@code cpu.shares}
 * @param controller the controller that applies it, as version 1 calls it; version 2 has one
 *     directory for all
 * @param needed whether the host alone can apply it
 * @param writes what to write, in this order; the first that the kernel takes is enough
 */
public record LimitSetting(String field, String controller, boolean needed, List<Write> writes) {
  /** Copies the list. */
  public LimitSetting {
    writes = List.copyOf(writes);
  }

  /**
   * A file of a control group, and what to write to it.
   *
   * @param file its name
   * @param text what to write
   */
  public record Write(String file, String text) {}

  /** The same, what is to be written last being tried first. */
  LimitSetting lastFirst() {
    List<Write> reversed = new ArrayList<>(writes);
    Collections.reverse(reversed);
    return new LimitSetting(field, controller, needed, reversed);
  }

  /** One that only the host can apply. */
  static LimitSetting needed(String field, String controller, Write... writes) {
    return new LimitSetting(field, controller, true, List.of(writes));
  }

  /** One that the guest applies too. */
  static LimitSetting shared(String field, String controller, Write... writes) {
    return new LimitSetting(field, controller, false, List.of(writes));
  }
}
