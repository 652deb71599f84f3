/* Messages to the kernel's log, from where they reach the guest's console. */
#ifndef LIMPID_LOG_H
#define LIMPID_LOG_H

/* Opens /dev/kmsg; without it messages go to standard error. */
void log_open(void);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
