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

/* Whether a job trains in a folder, as far as can be seen without waiting and without touching anything. */
typedef enum run_lock_sign {
    RUN_LOCK_FREE,    /* nobody does */
    RUN_LOCK_LEFT,    /* nobody does; a job that was killed has left the file */
    RUN_LOCK_HELD,    /* a living process does */
    RUN_LOCK_UNKNOWN, /* locks do not reach all machines here: the file's time tells, which a living job sets anew */
} run_lock_sign;

enum { RUN_LOCK_OWNER_SIZE = 512 };

typedef struct run_lock_look {
    run_lock_sign sign;
    char owner[RUN_LOCK_OWNER_SIZE]; /* "pid 12 on node3, Slurm job 45, since 2026-01-01 12:00:00"; "" */
    double set;                      /* when the file's time was set, seconds since 1970 by its file system's clock */
} run_lock_look;

/* A file that cannot be read counts as FREE. */
run_lock_look run_lock_look_at(const char *dir);

/* How often the file's time is set, and after how long without that its owner counts as dead; seconds. */
extern const double run_lock_beat, run_lock_patience;
/* How it sleeps while it waits for an owner; for the test, whose waits then take no time. */
extern void (*run_lock_sleep)(double seconds);
/* Whether to go by the time even where locks reach all machines; for the test. */
extern bool run_lock_distrust;

#endif
