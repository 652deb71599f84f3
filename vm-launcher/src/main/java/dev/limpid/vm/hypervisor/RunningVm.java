package dev.limpid.vm.hypervisor;

import dev.limpid.oci.json.DocumentException;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.vm.qmp.QmpClient;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * A virtual machine that runs, and can grow: by memory and by processors that are plugged in.
 *
 * @param qmp its monitor
 * @param patience how long each of the monitor's answers may take
 */
public record RunningVm(QmpClient qmp, Duration patience) {
  private static final long MIB = 1 << 20;

  /** No processor has as long addresses. */
  private static final long ADDRESS_MAX = 1L << 56;

  /** No processor has larger pages. */
  private static final long HUGE_PAGE_MAX = 1L << 30;

  /** Linux takes and gives memory in blocks of this size, in MiB. */
  public static final long BLOCK_MIB = 128;

  /**
   * What there is of memory.
   *
   * @param memoryMiB the guest's memory in MiB
   * @param diskBytes disks that the guest sees as memory
   * @param steps how many pieces have been plugged in
   * @param end where the address space of disks and plugged pieces is free from on; 0: nowhere used
   */
  public record Memory(long memoryMiB, long diskBytes, int steps, long end) {}

  /**
   * Asks for the memory.
   *
   * @throws IOException if the monitor does not answer, or not as it should
   */
  public Memory memory() throws IOException {
    try {
      long bytes =
          qmp.execute("query-memory-size-summary", patience)
              .required("base-memory")
              .asInteger(0, Long.MAX_VALUE);
      long diskBytes = 0;
      int steps = 0;
      long end = 0;
      for (JsonCursor device : qmp.execute("query-memory-devices", patience).elements()) {
        JsonCursor data = device.required("data");
        boolean dimm = device.requiredString("type").equals("dimm");
        long size = data.required("size").asInteger(0, ADDRESS_MAX);
        end =
            Math.max(
                end, data.required(dimm ? "addr" : "memaddr").asInteger(0, ADDRESS_MAX) + size);
        if (dimm) {
          bytes += size;
          steps++;
        } else {
          diskBytes += size;
        }
      }
      return new Memory(bytes / MIB, diskBytes, steps, end);
    } catch (DocumentException wrong) {
      throw new IOException(wrong.getMessage(), wrong);
    }
  }

  /**
   * Asks of which pages of the host the memory consists.
   *
   * @return the size of a huge page in MiB; empty: they are usual ones
   * @throws IOException if the monitor does not answer, or not as it should
   */
  public OptionalInt hugePageMiB() throws IOException {
    try {
      // Only this type has the others.
      if (!property("type").asString().equals(QemuCommandLine.BACKEND)
          || !property("hugetlb").asBoolean()) {
        return OptionalInt.empty();
      }
      return OptionalInt.of((int) (property("hugetlbsize").asInteger(MIB, HUGE_PAGE_MAX) / MIB));
    } catch (DocumentException wrong) {
      throw new IOException(wrong.getMessage(), wrong);
    }
  }

  private JsonCursor property(String name) throws IOException {
    return qmp.execute(
        "qom-get",
        JsonObject.builder().put("path", "/objects/ram").put("property", name).build(),
        patience);
  }

  /**
   * What the size of each piece that is plugged in is a multiple of, in MiB.
   *
   * @param hugePageMiB as {@link #hugePageMiB} says
   */
  public static long blockMiB(OptionalInt hugePageMiB) {
    return Math.max(BLOCK_MIB, hugePageMiB.orElse(0));
  }

  /**
   * Plugs memory in. The guest takes it by itself, soon after.
   *
   * @param memory what there is
   * @param sizeMiB a multiple of {@link #blockMiB}
   * @param hugePageMiB the pages of the host that it is to consist of, as {@link #hugePageMiB} says
   * @throws IOException with the monitor's words if it can't be done
   */
  public void plugMemory(Memory memory, long sizeMiB, OptionalInt hugePageMiB) throws IOException {
    int step = memory.steps();
    String backend = "ram-more" + step;
    JsonObject.Builder pages =
        JsonObject.builder()
            .put("qom-type", QemuCommandLine.BACKEND)
            .put("id", backend)
            .put("size", sizeMiB * MIB)
            // As the rest: virtiofsd reads and writes the guest's memory.
            .put("share", true);
    if (hugePageMiB.isPresent()) {
      pages.put("hugetlb", true).put("hugetlbsize", hugePageMiB.getAsInt() * MIB);
    }
    qmp.execute("object-add", pages.build(), patience);
    long block = blockMiB(hugePageMiB) * MIB;
    boolean plugged = false;
    try {
      qmp.execute(
          "device_add",
          JsonObject.builder()
              .put("driver", "pc-dimm")
              .put("id", "dimm" + step)
              .put("memdev", backend)
              // Linux takes whole blocks only, and QEMU does not know of that. 0: QEMU's choice.
              .put("addr", (memory.end() + block - 1) / block * block)
              .build(),
          patience);
      plugged = true;
    } finally {
      if (!plugged) {
        qmp.execute("object-del", JsonObject.builder().put("id", backend).build(), patience);
      }
    }
  }

  /**
   * Plugs processors in until there are as many as asked for, or as many as there can be. The guest
   * takes them by itself, soon after.
   *
   * @throws IOException with the monitor's words if it can't be done
   */
  public void plugProcessors(int vcpus) throws IOException {
    try {
      int there = 0;
      List<JsonCursor> free = new ArrayList<>();
      for (JsonCursor each : qmp.execute("query-hotpluggable-cpus", patience).elements()) {
        if (each.optional("qom-path").isPresent()) {
          there++;
        } else {
          // QEMU tells the last first.
          free.add(0, each);
        }
      }
      for (JsonCursor each : free) {
        if (there >= vcpus) {
          return;
        }
        JsonObject properties = each.required("props").asObject();
        qmp.execute("device_add", properties.with("driver", each.requiredString("type")), patience);
        there++;
      }
    } catch (DocumentException wrong) {
      throw new IOException(wrong.getMessage(), wrong);
    }
  }
}
