package dev.limpid.oci.config;

import java.util.List;
import java.util.OptionalInt;

/**
 * Limits of a cgroup on block devices (config-linux.md, "Block IO").
 *
 * @param weight the share of all devices, 1 to 1000
 * @param leafWeight the same against the groups below
 * @param weightDevice shares of one device each
 * @param throttleReadBpsDevice bytes read in a second
 * @param throttleWriteBpsDevice bytes written in a second
 * @param throttleReadIopsDevice reads in a second
 * @param throttleWriteIopsDevice writes in a second
 */
public record BlockIo(
    OptionalInt weight,
    OptionalInt leafWeight,
    List<Weight> weightDevice,
    List<Throttle> throttleReadBpsDevice,
    List<Throttle> throttleWriteBpsDevice,
    List<Throttle> throttleReadIopsDevice,
    List<Throttle> throttleWriteIopsDevice) {
  /** Copies the collections. */
  public BlockIo {
    weightDevice = List.copyOf(weightDevice);
    throttleReadBpsDevice = List.copyOf(throttleReadBpsDevice);
    throttleWriteBpsDevice = List.copyOf(throttleWriteBpsDevice);
    throttleReadIopsDevice = List.copyOf(throttleReadIopsDevice);
    throttleWriteIopsDevice = List.copyOf(throttleWriteIopsDevice);
  }

  /** No limit. */
  public static final BlockIo NONE =
      new BlockIo(
          OptionalInt.empty(),
          OptionalInt.empty(),
          List.of(),
          List.of(),
          List.of(),
          List.of(),
          List.of());

  /**
   * A share of one device.
   *
   * @param major the device's major number
   * @param minor the device's minor number
   * @param weight 1 to 1000
   * @param leafWeight the same against the groups below
   */
  public record Weight(long major, long minor, OptionalInt weight, OptionalInt leafWeight) {}

  /**
   * A bound on the use of one device.
   *
   * @param major the device's major number
   * @param minor the device's minor number
   * @param rate how much in a second, an unsigned 64-bit value in the bits of a long
   */
  public record Throttle(long major, long minor, long rate) {}
}
