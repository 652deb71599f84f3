package dev.limpid.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ContainerIdTest {
  @Test
  void keepsValue() {
    assertEquals("a", new ContainerId("a").value());
  }
}
