package dev.limpid.oci;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Versions are those of Semantic Versioning 2.0.0, and those of the first major are spoken. */
class SpecVersionTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1",
        "1.2",
        "1.2.",
        "1..2",
        ".1.2",
        "1.2.3.4",
        "v1.2.0",
        " 1.2.0",
        "1.2.0 ",
        "1.2.0\n",
        "-1.2.0",
        "+1.2.0",
        "01.2.0",
        "1.02.0",
        "1.2.00",
        "1.2.x",
        "1,2,0",
        "١.2.0",
        "1.2.0-",
        "1.2.0+",
        "1.2.0-+b",
        "1.2.0-a+",
        "1.2.0-.",
        "1.2.0-a..b",
        "1.2.0-a.",
        "1.2.0-01",
        "1.2.0-a.00",
        "1.2.0-a_b",
        "1.2.0-é",
        "1.2.0+a+b",
        "1.2.0+a..b",
        "1.2.0+.a",
        "1.2.0rc1",
        "1.2.0_1"
      })
  void isNotWellFormed(String version) {
    assertFalse(SpecVersion.isWellFormed(version));
    assertFalse(SpecVersion.isSupported(version));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.9.0", "2.0.0", "10.0.0", "11.2.0", "0.0.0-1.0.0", "2.0.0+1.2.0"})
  void isNotSupported(String version) {
    assertTrue(SpecVersion.isWellFormed(version));
    assertFalse(SpecVersion.isSupported(version));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1.0.0",
        "1.2.0",
        "1.3.0",
        "1.10.100",
        "1.99999999999999999999.0",
        "1.0.0-rc5",
        "1.0.0-rc5-dev",
        "1.0.2-dev",
        "1.0.0-0",
        "1.0.0--",
        "1.0.0-x.7.z.92",
        "1.0.0-0a",
        "1.0.0+001",
        "1.0.0+dev-1",
        "1.0.0-beta.11+exp.sha.5114f85"
      })
  void isSupported(String version) {
    assertTrue(SpecVersion.isWellFormed(version));
    assertTrue(SpecVersion.isSupported(version));
  }

  @Test
  void supportsWhatItClaims() {
    assertTrue(SpecVersion.isSupported(SpecVersion.OLDEST));
    assertTrue(SpecVersion.isSupported(SpecVersion.CURRENT));
  }
}
