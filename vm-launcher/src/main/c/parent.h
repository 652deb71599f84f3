/* The process that has started this one. */
#ifndef LIMPID_PARENT_H
#define LIMPID_PARENT_H

/* A descriptor that stands for it; -1 if it is gone already, or not to be seen from here. */
int parent_open(void);

/* Waits for its end, at most this long, and closes the descriptor. */
void parent_await(int parent, unsigned milliseconds);

#endif
