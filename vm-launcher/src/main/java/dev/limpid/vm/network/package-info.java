/**
 * The network namespace of a container: what is in it on the host, and what of it the guest has to
 * be told.
 */
package dev.limpid.vm.network;
