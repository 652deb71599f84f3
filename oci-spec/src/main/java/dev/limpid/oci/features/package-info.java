/** What the runtime can do, as {@code features} prints it (features.md). */
package dev.limpid.oci.features;
