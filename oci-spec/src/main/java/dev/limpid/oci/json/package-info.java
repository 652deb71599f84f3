/**
 * An immutable JSON tree, its strict reader, its writer, and a cursor that knows where it stands.
 *
 * <p>Numbers keep the text they were written with and unknown members stay in the tree, so that
 * what is read, changed in one place and written again is untouched everywhere else.
 */
package dev.limpid.oci.json;
