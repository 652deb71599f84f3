package dev.limpid.vm.network;

/**
 * A setting of a namespace that is not as the kernel makes it.
 *
 * @param value what it is
 * @param pristine what it is in a namespace that nobody has touched
 */
public record Sysctl(String value, String pristine) {}
