/**
 * The verbs' end of a control link, and what can be asked of a guest over it (docs/protocol.md).
 */
package dev.limpid.proto;
