package dev.limpid.proto;

/**
 * By which a disk is known to the guest's kernel.
 *
 * @param major the major number; 1 to 4095
 * @param minor the minor number; 0 to 1048575
 */
public record DiskNumbers(int major, int minor) {}
