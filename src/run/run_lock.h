#ifndef LOCKSTEP_RUN_RUN_LOCK_H
#define LOCKSTEP_RUN_RUN_LOCK_H

#include <stdbool.h>

/*
 * One job at a time in a run's folder: two would write over each other's checkpoints and logs. The file
 * <folder>/run.lock names who trains there; it is gone when nobody does, and what a killed job leaves holds nobody up
 * for long.
 *
 * Two signs of life. A lock on the file, which the system gives back when a process dies, also across machines where
 * the file system has such locks; and the file's time, set anew every few seconds, where it does not, or only for each
 * machine by itself.
 */
typedef struct run_lock run_lock;

/*
 * Make the folder if need be and take its lock. *out is given back with run_lock_free. Waits some seconds for a job
 * that may be about to end, and says so; LS_EIO when it goes on, with the message naming it. Rank 0's business.
 */
int run_lock_take(run_lock **out, const char *dir);
/* Give it back and remove the file; NULL is fine. */
void run_lock_free(run_lock *l);

/* How often the file's time is set, and after how long without that its owner counts as dead; seconds. */
extern const double run_lock_beat, run_lock_patience;
/* How it sleeps while it waits for an owner; for the test, whose waits then take no time. */
extern void (*run_lock_sleep)(double seconds);
/* Whether to go by the time even where locks reach all machines; for the test. */
extern bool run_lock_distrust;

#endif
