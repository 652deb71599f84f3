package dev.limpid.vm.hypervisor;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** What executes the guest's instructions. */
public enum Accelerator {
  /** The processor, by way of Linux's KVM. */
  KVM("kvm", "kvm", "host"),
  /** QEMU's own translator: everything works, slowly. */
  TCG("tcg", "tcg,tb-size=" + Accelerator.TRANSLATED_MIB, "max");

  private static final Path DEVICE = Path.of("/dev/kvm");
  private static final Path CPUINFO = Path.of("/proc/cpuinfo");

  /**
   * How much code QEMU keeps translated, in MiB, before it begins anew. Its own choice is an eighth
   * of the host's memory, up to 1 GiB for each VM.
   */
  public static final int TRANSLATED_MIB = 256;

  private final String word;
  private final String option;
  private final String cpu;

  Accelerator(String word, String option, String cpu) {
    this.word = word;
    this.option = option;
    this.cpu = cpu;
  }

  /** QEMU's name for it, {@code kvm} or {@code tcg}. */
  public String word() {
    return word;
  }

  /** What QEMU's option {@code -accel} takes. */
  String option() {
    return option;
  }

  /** The model of processor that the guest gets. */
  String cpu() {
    return cpu;
  }

  /**
   * What a choice and a host come to.
   *
   * @param accelerator what to use
   * @param reason why; a whole phrase for a person
   */
  public record Choice(Accelerator accelerator, String reason) {}

  /**
   * Chooses for this host.
   *
   * @param configured {@code auto}, {@code kvm} or {@code tcg}
   * @throws IOException if /proc/cpuinfo can't be read
   */
  public static Choice choose(String configured) throws IOException {
    return choose(configured, DEVICE, CPUINFO);
  }

  static Choice choose(String configured, Path device, Path cpuinfo) throws IOException {
    if (configured.equals(KVM.word)) {
      return new Choice(KVM, "the configuration says so");
    }
    if (configured.equals(TCG.word)) {
      return new Choice(TCG, "the configuration says so");
    }
    if (!opens(device)) {
      return new Choice(TCG, device + " does not exist or can't be opened");
    }
    // On some nested hosts the device opens, and every guest hangs.
    if (!hasVirtualization(cpuinfo)) {
      return new Choice(TCG, "the processor shows neither vmx nor svm in " + cpuinfo);
    }
    return new Choice(KVM, device + " opens, and the processor has what it needs");
  }

  private static boolean opens(Path device) {
    try (FileChannel channel =
        FileChannel.open(device, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      return channel.isOpen();
    } catch (IOException absent) {
      return false;
    }
  }

  private static boolean hasVirtualization(Path cpuinfo) throws IOException {
    for (String line : Files.readAllLines(cpuinfo)) {
      if (line.startsWith("flags")) {
        String flags = line + " ";
        return flags.contains(" vmx ") || flags.contains(" svm ");
      }
    }
    return false;
  }
}
