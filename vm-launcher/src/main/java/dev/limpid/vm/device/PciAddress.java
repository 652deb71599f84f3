package dev.limpid.vm.device;

/**
 * A place on the VM's PCI bus.
 *
 * @param slot 1 to 30: q35 has devices of its own in 0 and 31
 * @param function 0 to 7
 * @param shared whether the slot has other functions too
 */
public record PciAddress(int slot, int function, boolean shared) {
  private static final int FUNCTIONS = 8;
  private static final int FIRST_DISK_SLOT = 0x0a;
  private static final int FIRST_LAYER_SLOT = 0x0c;
  private static final int LAST_SLOT = 0x1e;

  /** The most layers that have a place. */
  public static final int LAYERS_MAX = (LAST_SLOT - FIRST_LAYER_SLOT + 1) * FUNCTIONS;

  /** The most disks that have a place. */
  public static final int DISKS_MAX = (FIRST_LAYER_SLOT - FIRST_DISK_SLOT) * FUNCTIONS;

  /** The controller of the agent's port. */
  static final PciAddress PORT = new PciAddress(2, 0, false);

  static final PciAddress SHARE = new PciAddress(3, 0, false);

  static final PciAddress BALLOON = new PciAddress(6, 0, false);

  /** The disk that is a file of the host's. */
  static final PciAddress FILE = new PciAddress(7, 0, false);

  /** The guest's own image comes first, so that it is {@code /dev/pmem0} or {@code /dev/vda}. */
  public static final PciAddress IMAGE = new PciAddress(1, 0, false);

  /** Checks the ranges. */
  public PciAddress {
    if (slot < 1 || slot > LAST_SLOT || function < 0 || function >= FUNCTIONS) {
      throw new IllegalArgumentException("PCI slot " + slot + ", function " + function);
    }
  }

  /**
   * The place of a layer; eight share a slot.
   *
   * @param index 0 to {@link #LAYERS_MAX} - 1
   */
  public static PciAddress ofLayer(int index) {
    if (index < 0 || index >= LAYERS_MAX) {
      throw new IllegalArgumentException("layer " + index);
    }
    return new PciAddress(FIRST_LAYER_SLOT + index / FUNCTIONS, index % FUNCTIONS, true);
  }

  /**
   * The place of a disk; eight share a slot.
   *
   * @param index 0 to {@link #DISKS_MAX} - 1
   */
  static PciAddress ofDisk(int index) {
    if (index < 0 || index >= DISKS_MAX) {
      throw new IllegalArgumentException("disk " + index);
    }
    return new PciAddress(FIRST_DISK_SLOT + index / FUNCTIONS, index % FUNCTIONS, true);
  }

  String option() {
    String place = "addr=0x" + Integer.toHexString(slot) + "." + function;
    return shared && function == 0 ? place + ",multifunction=on" : place;
  }
}
