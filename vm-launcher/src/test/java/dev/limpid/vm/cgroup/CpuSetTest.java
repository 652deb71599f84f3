package dev.limpid.vm.cgroup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lists of processors. */
class CpuSetTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0|{0}",
        "0-2|{0, 1, 2}",
        "0-1,5|{0, 1, 5}",
        "0-7:2/4|{0, 1, 4, 5}",
        "1-5:2/4|{1, 2, 5}"
      })
  void are(String list, String set) {
    assertEquals(set, CpuSet.parse(list).toString());
  }

  @Test
  void areFollowedByALineBreakInFiles() {
    assertEquals("{0, 1}", CpuSet.parse("0-1\n").toString());
  }

  @Test
  void thisHostHasSome() throws IOException {
    assertTrue(CpuSet.online() > 0);
  }
}
