/**
 * What anybody may expect of an OCI runtime, seen from outside: these tests start the executable
 * that the property {@code limpid.runtime} names and know nothing of its insides. They hold for
 * runc as well; what is about virtual machines is marked {@link dev.limpid.behaviour.VmOnly}.
 */
package dev.limpid.behaviour;
