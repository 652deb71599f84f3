/*
 * What each check finds in its directory. It is made before the test, for an overlay in two of its lower directories, so that a check works on
 * what has to be copied up, hidden and merged. Directories of a volume hold the same.
 *
 *   file         "lower file\n", 0644           full/        a, b, sub/c, link -> a
 *   nothing      an empty file                  empty/
 *   big          256 KiB of a pattern           merged/      old, both, hidden by a whiteout: gone; new in the newer layer
 *   sparse       1 MiB, data at 0 and 512 KiB   covered/     opaque in the newer layer: above; under in the older one
 *   one, two     hard links                     private/     0700, with inside
 *   link         -> file                        sticky/      01777, with theirs, which is of 1000
 *   dangling     -> nowhere                     group/       02775, of group 2000
 *   way          -> full                        theirs       of 1000:1000, 0600
 *   fifo                                        suid, sgid   04755, 02755; both of 1000:1000
 *   coloured     user.colour=red                ours         of 0:1000, 0640
 *   capable      security.capability            listed       with an access ACL; heirs/ with a default ACL
 *   dated        of 2001, with nanoseconds
 */
#ifndef BED_H
#define BED_H

#define BED_USER 1000
#define BED_GROUP 2000

/* Both fill the present directory; of an overlay's, the older layer comes below. They end the process when that fails. */
void bed_older_layer(void);
void bed_newer_layer(void);

#endif
