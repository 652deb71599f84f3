/* The master of a workload's terminal, as crun hands it over. */
#ifndef LIMPID_TERMINAL_H
#define LIMPID_TERMINAL_H

/* A socket for crun to send the master to, listening at path. The descriptor or -errno. */
int terminal_listen(const char *path);

/* The master, non-blocking, that has been sent to the listening socket by now; or -errno. */
int terminal_receive(int listener);

#endif
