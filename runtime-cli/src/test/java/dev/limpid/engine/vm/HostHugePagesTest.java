package dev.limpid.engine.vm;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.config.HugePages;
import dev.limpid.engine.EngineException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whether a host has enough huge pages, by what its kernel tells in a folder. */
class HostHugePagesTest {
  private static final HugePagesRequest SMALL = new HugePagesRequest(HugePages.OF_2_MIB, "place");
  private static final HugePagesRequest LARGE = new HugePagesRequest(HugePages.OF_1_GIB, "place");

  @TempDir private Path folder;

  private void pool(String size, long free, long reserved, long overcommit, long surplus)
      throws IOException {
    Path pool = Files.createDirectories(folder.resolve("hugepages-" + size));
    Files.writeString(pool.resolve("free_hugepages"), free + "\n");
    Files.writeString(pool.resolve("resv_hugepages"), reserved + "\n");
    Files.writeString(pool.resolve("nr_overcommit_hugepages"), overcommit + "\n");
    Files.writeString(pool.resolve("surplus_hugepages"), surplus + "\n");
  }

  private String refusal(HugePagesRequest request, long memoryMiB) {
    return assertThrows(
            EngineException.class, () -> new HostHugePages(folder).require(request, memoryMiB))
        .getMessage();
  }

  @ParameterizedTest
  @CsvSource({
    "255, 0, 0, 0, 255",
    "300, 45, 0, 0, 255",
    "0, 0, 0, 0, 0",
    "1, 2, 0, 0, 0",
    "200, 0, 55, 0, 255",
    "200, 0, 100, 45, 255",
    "255, 0, 1, 5, 255",
  })
  void tooFewAreRefused(long free, long reserved, long overcommit, long surplus, long found)
      throws IOException {
    pool("2048kB", free, reserved, overcommit, surplus);

    assertEquals(
        "place: \"2M\": 256 huge pages are needed for 512 MiB of memory, and "
            + found
            + " are free: reserve more in "
            + folder
            + "/hugepages-2048kB/nr_hugepages, or ask for less memory or none of huge pages",
        refusal(SMALL, 512));
  }

  @ParameterizedTest
  @CsvSource({"256, 0, 0, 0", "300, 44, 0, 0", "200, 0, 56, 0", "200, 0, 100, 44", "256, 0, 0, 9"})
  void enoughAreNot(long free, long reserved, long overcommit, long surplus) throws IOException {
    pool("2048kB", free, reserved, overcommit, surplus);

    assertDoesNotThrow(() -> new HostHugePages(folder).require(SMALL, 512));
    assertDoesNotThrow(() -> new HostHugePages(folder).require(SMALL, 511));
  }

  @Test
  void aPageThatIsBegunIsNeeded() throws IOException {
    pool("1048576kB", 1, 0, 0, 0);

    assertDoesNotThrow(() -> new HostHugePages(folder).require(LARGE, 1024));
    assertEquals(
        "place: \"1G\": 2 huge pages are needed for 1025 MiB of memory, and 1 are free: reserve"
            + " more in "
            + folder
            + "/hugepages-1048576kB/nr_hugepages, or ask for less memory or none of huge pages",
        refusal(LARGE, 1025));
  }

  @Test
  void aSizeThatTheHostHasNotIsRefused() throws IOException {
    assertEquals(
        "place: \"1G\": this host has no huge pages of that size, but none at all",
        refusal(LARGE, 1024));

    pool("2048kB", 512, 0, 0, 0);
    assertEquals(
        "place: \"1G\": this host has no huge pages of that size, but of 2048kB",
        refusal(LARGE, 1024));

    pool("64kB", 1, 0, 0, 0);
    assertEquals(
        "place: \"1G\": this host has no huge pages of that size, but of 2048kB and of 64kB",
        refusal(LARGE, 1024));
  }

  @Test
  void whatIsNoNumberIsSaid() throws IOException {
    pool("2048kB", 512, 0, 0, 0);
    Files.writeString(folder.resolve("hugepages-2048kB/resv_hugepages"), "many\n");

    assertEquals(
        "place: \"2M\": " + folder + "/hugepages-2048kB: For input string: \"many\"",
        refusal(SMALL, 512));
  }

  @Test
  void nothingIsLookedAtForUsualPages() {
    HugePagesRequest usual = new HugePagesRequest(HugePages.NEVER, "place");

    assertDoesNotThrow(() -> new HostHugePages(folder).require(usual, 1 << 20));
  }
}
