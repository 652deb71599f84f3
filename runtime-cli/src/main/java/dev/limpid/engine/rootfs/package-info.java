/** The choice of how a container's root filesystem gets into its VM. */
package dev.limpid.engine.rootfs;
