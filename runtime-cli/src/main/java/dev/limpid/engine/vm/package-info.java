/** What config.json says of the virtual machine itself: the section vm, and annotations. */
package dev.limpid.engine.vm;
