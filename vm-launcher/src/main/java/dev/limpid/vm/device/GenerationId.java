package dev.limpid.vm.device;

import java.util.List;

/**
 * Tells the guest's kernel that it has become another machine: its value is another one in each
 * clone of a template, whereupon the kernel reseeds its random generator.
 */
public record GenerationId() implements Device {
  @Override
  public List<String> arguments() {
    return List.of("-device", "vmgenid,guid=auto");
  }
}
