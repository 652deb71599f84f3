/**
 * Control groups of the host: where those of a container are, how they are made and removed, and
 * what is written to them (docs/resources.md). A limit has other names and units in each version.
 */
package dev.limpid.vm.cgroup;
