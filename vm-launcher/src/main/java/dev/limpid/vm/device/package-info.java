/** The devices of a virtual machine: each kind knows its part of QEMU's command line. */
package dev.limpid.vm.device;
