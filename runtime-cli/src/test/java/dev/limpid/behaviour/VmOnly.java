package dev.limpid.behaviour;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledIf;

/** Holds for Limpid only: it is about virtual machines, or a choice in which Limpid is alone. */
@Tag("vm")
@EnabledIf("dev.limpid.behaviour.OciRuntime#runsVirtualMachines")
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@interface VmOnly {}
