package dev.limpid.oci.config;

import dev.limpid.oci.json.JsonCursor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Checks the limits of a cgroup on block devices (config-linux.md, "Block IO"). */
final class BlockIoParser {
  private static final int MAX_WEIGHT = 1000;

  private BlockIoParser() {}

  static BlockIo parse(JsonCursor blockIo) {
    return new BlockIo(
        weight(blockIo, "weight"),
        weight(blockIo, "leafWeight"),
        weights(blockIo, "weightDevice"),
        throttles(blockIo, "throttleReadBpsDevice"),
        throttles(blockIo, "throttleWriteBpsDevice"),
        throttles(blockIo, "throttleReadIOPSDevice"),
        throttles(blockIo, "throttleWriteIOPSDevice"));
  }

  private static List<BlockIo.Weight> weights(JsonCursor blockIo, String member) {
    List<BlockIo.Weight> weights = new ArrayList<>();
    for (JsonCursor element : blockIo.optionalElements(member)) {
      weights.add(
          new BlockIo.Weight(
              DeviceParser.major(element.required("major")),
              DeviceParser.minor(element.required("minor")),
              weight(element, "weight"),
              weight(element, "leafWeight")));
    }
    return weights;
  }

  private static List<BlockIo.Throttle> throttles(JsonCursor blockIo, String member) {
    List<BlockIo.Throttle> throttles = new ArrayList<>();
    for (JsonCursor element : blockIo.optionalElements(member)) {
      throttles.add(
          new BlockIo.Throttle(
              DeviceParser.major(element.required("major")),
              DeviceParser.minor(element.required("minor")),
              element.required("rate").asUint64()));
    }
    return throttles;
  }

  /** Docker writes 0 for "not set"; the lowest weight depends on the kernel's scheduler. */
  private static OptionalInt weight(JsonCursor section, String member) {
    Optional<JsonCursor> found = section.optional(member);
    int weight = found.isEmpty() ? 0 : (int) found.get().asInteger(0, MAX_WEIGHT);
    return weight == 0 ? OptionalInt.empty() : OptionalInt.of(weight);
  }
}
