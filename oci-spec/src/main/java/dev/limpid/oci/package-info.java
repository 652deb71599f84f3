/**
 * The OCI runtime-spec 1.2 as immutable Java: what its documents say, checked, and nothing done.
 */
package dev.limpid.oci;
