/** UNIX stream sockets with deadlines, and with addresses longer than the kernel takes. */
package dev.limpid.proto.socket;
