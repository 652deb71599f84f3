/** All verbs in one process that makes nothing: whose classes are noted for the archive. */
package dev.limpid.rehearsal;
