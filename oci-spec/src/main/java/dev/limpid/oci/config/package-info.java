/**
 * The configuration of a container: config.json, one record a section of the specification and one
 * parser beside it. Records hold what was read and checked; members that the specification does not
 * know stay in {@link dev.limpid.oci.config.Config#raw()}.
 */
package dev.limpid.oci.config;
