/** The ways in which a container's root filesystem gets from the host into its VM. */
package dev.limpid.vm.rootfs;
