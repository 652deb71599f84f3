/** A container's network: from its namespace on the host to its virtual machine. */
package dev.limpid.engine.network;
