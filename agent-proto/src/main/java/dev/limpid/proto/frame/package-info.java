/** The frames of docs/protocol.md as bytes: encoding, judging, incremental decoding. */
package dev.limpid.proto.frame;
