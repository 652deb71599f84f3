/** From the description of a virtual machine to the command lines of QEMU and virtiofsd. */
package dev.limpid.vm.hypervisor;
