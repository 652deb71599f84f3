/* The device of the mini-OS's image, which is only read. */
#ifndef LIMPID_IMAGE_H
#define LIMPID_IMAGE_H

/*
 * Tells the kernel that the device which / is on keeps nothing back. There is never anything to be flushed there, and
 * QEMU does not take a virtio-pmem device along in a template: in a clone nobody would answer to a flush.
 */
void image_write_through(void);

#endif
