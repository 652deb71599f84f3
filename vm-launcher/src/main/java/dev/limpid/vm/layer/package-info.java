/** Image layers as EROFS images, made once and mapped by every VM that uses them. */
package dev.limpid.vm.layer;
