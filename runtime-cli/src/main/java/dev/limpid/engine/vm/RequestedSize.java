package dev.limpid.engine.vm;

import dev.limpid.oci.json.JsonCursor;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How large config.json asks for the VM to be, in so many words: by annotation, or else in
 * vm.hwConfig.
 *
 * @param memoryMiB memory in MiB, 128 to 1048576
 * @param vcpus virtual CPUs, 1 to 256
 */
public record RequestedSize(OptionalInt memoryMiB, OptionalInt vcpus) {
  static final String MEMORY_ANNOTATION = "dev.limpid.memory";
  static final String VCPUS_ANNOTATION = "dev.limpid.vcpus";

  private static final int MEMORY_MIN = 128;
  private static final int MEMORY_MAX = 1 << 20;
  private static final int VCPUS_MAX = 256;
  private static final int MIB_SHIFT = 20;

  /** More digits than any of these numbers has. */
  private static final int DIGITS_MAX = 9;

  /**
   * What a config.json asks for.
   *
   * @param config the document, validated
   * @throws dev.limpid.oci.json.InvalidSpecException for a size that no VM can have
   */
  public static RequestedSize of(JsonCursor config) {
    Optional<JsonCursor> annotations = config.optional("annotations");
    Optional<JsonCursor> vm = config.optional("vm");
    return new RequestedSize(
        memory(member(annotations, MEMORY_ANNOTATION), hardware(vm, "memory")),
        vcpus(member(annotations, VCPUS_ANNOTATION), hardware(vm, "vcpus")));
  }

  private static OptionalInt memory(
      Optional<JsonCursor> annotation, Optional<JsonCursor> hardware) {
    if (annotation.isPresent()) {
      return OptionalInt.of(
          number(annotation.get(), MEMORY_MIN, MEMORY_MAX, "a number of MiB from "));
    }
    if (hardware.isEmpty()) {
      return OptionalInt.empty();
    }
    long bytes = hardware.get().asUint64();
    long mebibytes = (bytes >>> MIB_SHIFT) + ((bytes & ((1 << MIB_SHIFT) - 1)) == 0 ? 0 : 1);
    if (mebibytes < MEMORY_MIN || mebibytes > MEMORY_MAX) {
      throw hardware
          .get()
          .invalid(
              "must be a number of bytes from "
                  + ((long) MEMORY_MIN << MIB_SHIFT)
                  + " to "
                  + ((long) MEMORY_MAX << MIB_SHIFT));
    }
    return OptionalInt.of((int) mebibytes);
  }

  private static OptionalInt vcpus(Optional<JsonCursor> annotation, Optional<JsonCursor> hardware) {
    if (annotation.isPresent()) {
      return OptionalInt.of(number(annotation.get(), 1, VCPUS_MAX, "a number from "));
    }
    return hardware.isEmpty()
        ? OptionalInt.empty()
        : OptionalInt.of((int) hardware.get().asInteger(1, VCPUS_MAX));
  }

  /** Annotations are texts. */
  private static int number(JsonCursor annotation, int min, int max, String what) {
    String text = annotation.asString();
    boolean digits = !text.isEmpty() && text.length() <= DIGITS_MAX;
    for (int i = 0; i < text.length(); i++) {
      digits &= text.charAt(i) >= '0' && text.charAt(i) <= '9';
    }
    int number = digits ? Integer.parseInt(text) : -1;
    if (number < min || number > max) {
      throw annotation.invalid("must be " + what + min + " to " + max);
    }
    return number;
  }

  private static Optional<JsonCursor> hardware(Optional<JsonCursor> vm, String name) {
    return vm.isEmpty() ? Optional.empty() : member(vm.get().optional("hwConfig"), name);
  }

  private static Optional<JsonCursor> member(Optional<JsonCursor> section, String name) {
    return section.isEmpty() ? Optional.empty() : section.get().optional(name);
  }
}
