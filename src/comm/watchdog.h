#ifndef LOCKSTEP_COMM_WATCHDOG_H
#define LOCKSTEP_COMM_WATCHDOG_H

#include "comm/comm.h"

/*
 * A thread in every rank that notices when the job does not get on, reports who is waited for, and ends the rank in the
 * end. It never calls MPI: ranks report to rank 0 by datagrams what they are doing (base/watch.h), and rank 0 answers.
 */
typedef struct watchdog watchdog;

/*
 * Collective; a failure (LS_ENOMEM, LS_ERROR, LS_ECOMM) is returned by all. A rank whose system has no socket for it is
 * watched by itself alone. Ended with watchdog_stop.
 */
int watchdog_start(watchdog **out, comm *c);
/* NULL is fine. Not collective; needs no MPI. */
void watchdog_stop(watchdog *w);

/* From now on; not collective. */
void watchdog_set(watchdog *w, const comm_timeouts *t);

/* On rank 0; see comm_standing_now. */
int watchdog_standing(watchdog *w, comm_standing *out);

#endif
