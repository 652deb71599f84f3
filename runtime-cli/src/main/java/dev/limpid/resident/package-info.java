/**
 * The resident process: a JVM that is warm already does verbs for processes that have been started
 * for them (docs/resident.md). What a verb is, it does not know.
 */
package dev.limpid.resident;
