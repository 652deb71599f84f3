/** The state of a container as commands print it and hooks are told it (runtime.md, "State"). */
package dev.limpid.oci.state;
