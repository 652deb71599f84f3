package dev.limpid.vm.network;

/** What becomes of a link of the host's network namespace in the guest. */
public enum LinkRole {
  /** A network card of the VM stands for it, and a tap on the host brings its frames there. */
  NIC,
  /** One of the same kind is made in the guest. */
  MADE,
  /** The loopback interface, which every namespace has. */
  LOOPBACK,
  /** Nothing, and nobody misses it: a device that the kernel or Limpid put there. */
  IGNORED,
  /** Nothing: {@link Link#unsupported} says why. */
  UNSUPPORTED;

  /** Whether the guest has such a link, so that its addresses and routes count. */
  boolean isInGuest() {
    return this == NIC || this == MADE || this == LOOPBACK;
  }
}
