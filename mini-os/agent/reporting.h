/* Memory that is free in the guest, and goes back to the host. */
#ifndef LIMPID_REPORTING_H
#define LIMPID_REPORTING_H

/* Has the kernel report smaller pieces than it would by itself. Without, more is kept, and nothing else is wrong. */
void reporting_refine(void);

#endif
