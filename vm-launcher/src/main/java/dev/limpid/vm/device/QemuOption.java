package dev.limpid.vm.device;

/** Texts inside QEMU's options, whose parts are separated by commas. */
final class QemuOption {
  private QemuOption() {}

  /** A value that may hold anything: a comma is written twice. */
  static String value(String text) {
    return text.replace(",", ",,");
  }
}
