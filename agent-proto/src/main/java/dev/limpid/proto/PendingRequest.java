package dev.limpid.proto;

/**
 * A request on its way.
 *
 * @param number its number on the link it was sent on
 * @param method its method, for messages
 */
public record PendingRequest(int number, String method) {}
