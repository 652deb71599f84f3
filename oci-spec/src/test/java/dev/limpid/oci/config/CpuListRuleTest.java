package dev.limpid.oci.config;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lists of CPUs are those that the kernel can read. */
class CpuListRuleTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        ",",
        "0,",
        ",0",
        "0,,1",
        "-",
        "-1",
        "1-",
        "3-1",
        "1-2-3",
        "a",
        "0x1",
        "+1",
        "1.5",
        "0 1",
        " 0",
        "0\n",
        "٣",
        "1000000",
        "0-1000000",
        "99999999999",
        "0-7:",
        "0-7:2",
        "0-7:/4",
        "0-7:2/",
        "0-7:5/4",
        "0-7:0/0",
        "0-7:2/4/8",
        "3:1/2",
        "0-7:2/4:1/2",
        "0--1"
      })
  void refuses(String list) {
    assertFalse(CpuListRule.isList(list));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0",
        "007",
        "999999",
        "0-0",
        "0-3",
        "0-3,6",
        "6,0-3",
        "0,0",
        "0-31:2/4",
        "0-31:0/4",
        "0-31:4/4,40",
        "1,2,3,4-7"
      })
  void accepts(String list) {
    assertTrue(CpuListRule.isList(list));
  }
}
