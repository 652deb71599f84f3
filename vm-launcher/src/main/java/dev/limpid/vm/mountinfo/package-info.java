/** The host's mount table: what is mounted where, and what overlays are made of. */
package dev.limpid.vm.mountinfo;
