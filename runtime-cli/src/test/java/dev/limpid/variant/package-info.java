/** The same tests, of a runtime that is configured in another way. */
package dev.limpid.variant;
