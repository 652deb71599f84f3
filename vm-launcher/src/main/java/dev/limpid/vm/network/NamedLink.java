package dev.limpid.vm.network;

/**
 * How a link of a namespace is called, whatever else it is.
 *
 * @param index its number in the namespace, from 1 on
 * @param name as {@link Link#name}
 * @param alias a description; may be empty
 */
public record NamedLink(int index, String name, String alias) {}
