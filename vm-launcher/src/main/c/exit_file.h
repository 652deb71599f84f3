/* The file `exit` in the container's directory: how it ended, for verbs that come later. */
#ifndef LIMPID_EXIT_FILE_H
#define LIMPID_EXIT_FILE_H

/* Writes the text under a temporary name and renames. Returns 0, or -1 and errno. */
int exit_file_write(const char *text);

#endif
