/** The configuration that {@code spec} writes for a new bundle. */
package dev.limpid.oci.spec;
