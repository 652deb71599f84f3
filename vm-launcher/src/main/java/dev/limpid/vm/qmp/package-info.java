/** QMP, the protocol by which a running QEMU is asked and told things. */
package dev.limpid.vm.qmp;
