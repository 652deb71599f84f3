package dev.limpid.vm.device;

import java.util.List;

/**
 * A disk that is a file of the host's. What the guest has flushed is in the file, on the host's own
 * disk; what it gives up there (discard) becomes a hole again.
 *
 * @param descriptor the opened file, which QEMU inherits: it could not open it for writing itself.
 *     Who opened it has locked it
 */
public record FileDisk(int descriptor) implements Device {
  /** By what the guest finds this disk; at most 20 bytes. */
  public static final String SERIAL = "limpid-upper";

  private static final String NODE = "upper";

  /** The lower ones are those of {@link HostDisk}. */
  private static final int SET = PciAddress.DISKS_MAX;

  @Override
  public List<String> arguments() {
    return List.of(
        "-add-fd",
        "fd=" + descriptor + ",set=" + SET,
        "-blockdev",
        "driver=file,node-name="
            + NODE
            + ",filename=/dev/fdset/"
            + SET
            + ",locking=off,read-only=off,discard=unmap",
        "-device",
        "virtio-blk-pci,drive="
            + NODE
            + ",serial="
            + SERIAL
            // The guest is told of errors. QEMU would stop the VM when the host's disk is full.
            + ",werror=report,rerror=report,"
            + PciAddress.FILE.option());
  }
}
