/** The process that stands for a container, limpid-shim: its plan and its start (docs/shim.md). */
package dev.limpid.vm.shim;
