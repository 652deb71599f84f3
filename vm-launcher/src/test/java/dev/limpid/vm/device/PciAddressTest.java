package dev.limpid.vm.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Places on the bus: every layer has one of its own. */
class PciAddressTest {
  @ParameterizedTest
  @CsvSource({"0,0", "-1,0", "31,0", "1,-1", "1,8"})
  void refusesPlacesThatAreNot(int slot, int function) {
    assertThrows(IllegalArgumentException.class, () -> new PciAddress(slot, function, false));
  }

  @ParameterizedTest
  @ValueSource(ints = {-8, -1, PciAddress.LAYERS_MAX, Integer.MAX_VALUE, Integer.MIN_VALUE})
  void refusesLayersWithoutAPlace(int index) {
    assertThrows(IllegalArgumentException.class, () -> PciAddress.ofLayer(index));
  }

  @ParameterizedTest
  @CsvSource({
    "0,'addr=0xc.0,multifunction=on'",
    "1,addr=0xc.1",
    "7,addr=0xc.7",
    "8,'addr=0xd.0,multifunction=on'",
    "151,addr=0x1e.7"
  })
  void eightLayersShareASlot(int index, String option) {
    assertEquals(option, PciAddress.ofLayer(index).option());
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, PciAddress.DISKS_MAX, Integer.MIN_VALUE})
  void refusesDisksWithoutAPlace(int index) {
    assertThrows(IllegalArgumentException.class, () -> PciAddress.ofDisk(index));
  }

  @ParameterizedTest
  @CsvSource({"0,'addr=0xa.0,multifunction=on'", "1,addr=0xa.1", "15,addr=0xb.7"})
  void eightDisksShareASlot(int index, String option) {
    assertEquals(option, PciAddress.ofDisk(index).option());
  }

  @Test
  void theImageIsAlone() {
    assertEquals("addr=0x1.0", PciAddress.IMAGE.option());
  }

  @Test
  void noTwoShareAPlace() {
    Set<PciAddress> places = new HashSet<>();
    places.add(PciAddress.IMAGE);
    for (int i = 0; i < PciAddress.LAYERS_MAX; i++) {
      places.add(PciAddress.ofLayer(i));
    }
    for (int i = 0; i < PciAddress.DISKS_MAX; i++) {
      places.add(PciAddress.ofDisk(i));
    }

    assertEquals(PciAddress.LAYERS_MAX + PciAddress.DISKS_MAX + 1, places.size());
  }
}
