package dev.limpid.engine.vm;

import dev.limpid.engine.EngineException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The huge pages that this host has reserved.
 *
 * @param folder where its kernel tells of them
 */
public record HostHugePages(Path folder) {
  private static final String PREFIX = "hugepages-";
  private static final int KIB_PER_MIB = 1024;

  /** Those of this host. */
  public static HostHugePages ofHost() {
    return new HostHugePages(Path.of("/sys/kernel/mm/hugepages"));
  }

  /**
   * Looks whether there are enough for memory of a size. What others take meanwhile, the hypervisor
   * finds out.
   *
   * @param request of which pages
   * @param memoryMiB the memory; rounded up to whole pages
   * @throws EngineException if there are not
   */
  public void require(HugePagesRequest request, long memoryMiB) {
    if (request.pages().pageMiB().isPresent()) {
      require(
          request.place() + ": \"" + request.pages().word() + "\"",
          request.pages().pageMiB().getAsInt(),
          memoryMiB);
    }
  }

  /**
   * Looks whether there are enough for memory of a size.
   *
   * @param what for, in messages
   * @param pageMiB how large a page is
   * @param memoryMiB the memory; rounded up to whole pages
   * @throws EngineException if there are not
   */
  public void require(String what, int pageMiB, long memoryMiB) {
    long needed = (memoryMiB + pageMiB - 1) / pageMiB;
    long free = free(what, pageMiB);
    if (free < needed) {
      throw new EngineException(
          what
              + ": "
              + needed
              + " huge pages are needed for "
              + memoryMiB
              + " MiB of memory, and "
              + free
              + " are free: reserve more in "
              + of(pageMiB).resolve("nr_hugepages")
              + ", or ask for less memory or none of huge pages");
    }
  }

  /**
   * How many nobody has, or has been promised.
   *
   * @param what for, in messages
   * @throws EngineException if there can be none of this size
   */
  private long free(String what, int pageMiB) {
    Path pool = of(pageMiB);
    try {
      // What the kernel may still make, up to a bound, if it finds whole ones.
      long more = number(pool, "nr_overcommit_hugepages") - number(pool, "surplus_hugepages");
      return Math.max(0, number(pool, "free_hugepages") - number(pool, "resv_hugepages"))
          + Math.max(0, more);
    } catch (NoSuchFileException none) {
      throw new EngineException(
          what + ": this host has no huge pages of that size, but " + sizes(), none);
    } catch (IOException | NumberFormatException unknown) {
      throw new EngineException(what + ": " + pool + ": " + unknown.getMessage(), unknown);
    }
  }

  private Path of(int pageMiB) {
    return folder.resolve(PREFIX + pageMiB * KIB_PER_MIB + "kB");
  }

  private static long number(Path pool, String name) throws IOException {
    return Long.parseLong(Files.readString(pool.resolve(name)).strip());
  }

  private String sizes() {
    List<String> sizes = new ArrayList<>();
    try (DirectoryStream<Path> pools = Files.newDirectoryStream(folder, PREFIX + "*")) {
      for (Path pool : pools) {
        sizes.add("of " + pool.getFileName().toString().substring(PREFIX.length()));
      }
    } catch (IOException none) {
      sizes.clear();
    }
    Collections.sort(sizes);
    return sizes.isEmpty() ? "none at all" : String.join(" and ", sizes);
  }
}
