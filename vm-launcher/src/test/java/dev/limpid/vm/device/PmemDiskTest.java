package dev.limpid.vm.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Persistent memory: whole huge pages, from a file of any name. */
class PmemDiskTest {
  private static final long HUGE_PAGE = 2L << 20;

  @ParameterizedTest
  @ValueSource(longs = {Long.MIN_VALUE, -HUGE_PAGE, 0, 1, HUGE_PAGE - 1, HUGE_PAGE + 4096})
  void refusesSizesThatAreNotWholeHugePages(long bytes) {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> new PmemDisk("image", Path.of("/image"), bytes, PciAddress.IMAGE));

    assertEquals("/image: " + bytes + " bytes: must be a multiple of 2 MiB", e.getMessage());
  }

  @Test
  void doublesCommas() {
    PmemDisk disk = new PmemDisk("x", Path.of("/a,b,readonly=off"), HUGE_PAGE, PciAddress.IMAGE);

    assertEquals(
        List.of(
            "-object",
            "memory-backend-file,id=x,mem-path=/a,,b,,readonly=off,size=2097152,share=on,readonly=on",
            "-device",
            "virtio-pmem-pci,memdev=x,addr=0x1.0"),
        disk.arguments());
  }
}
