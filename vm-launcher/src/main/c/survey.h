#ifndef LIMPID_SURVEY_H
#define LIMPID_SURVEY_H

/*
 * Looks through a directory of which an image is to be made, and prints one line: the number of entries, the bytes
 * that their contents take, and how many of these are in holes. Returns the exit status: 0, 1 if something can't be
 * looked at, or 3 if there is something that an image can't hold, which the line names instead.
 */
int survey(const char *directory);

#endif
