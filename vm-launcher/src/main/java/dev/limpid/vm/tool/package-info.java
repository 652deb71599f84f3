/** Programs of the host that make what a VM needs, and end. */
package dev.limpid.vm.tool;
