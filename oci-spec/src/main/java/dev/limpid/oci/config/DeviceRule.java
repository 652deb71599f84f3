package dev.limpid.oci.config;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * A rule on the use of devices (config-linux.md, "Allowed Device list").
 *
 * @param allow or deny
 * @param type {@code a}, {@code b} or {@code c}; absent: all
 * @param major absent: all
 * @param minor absent: all
 * @param access letters of {@code rwm}; absent: all
 */
public record DeviceRule(
    boolean allow,
    Optional<String> type,
    OptionalLong major,
    OptionalLong minor,
    Optional<String> access) {}
