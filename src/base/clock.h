#ifndef LOCKSTEP_BASE_CLOCK_H
#define LOCKSTEP_BASE_CLOCK_H

#include <pthread.h>
#include <stdint.h>

/* Seconds on a clock that never goes back; for durations. Nothing that a step computes may depend on it. */
double clock_seconds(void);

/* The same clock in nanoseconds. Processes of one host have it in common. */
int64_t clock_nanoseconds(void);

/* The same clock as it was at the last tick, up to some milliseconds ago: many times cheaper, for sums of many. */
double clock_ticks(void);

/* Seconds of a processor that the calling thread has used. */
double clock_thread(void);

/* Sleep for so many seconds; less when a signal comes. */
void clock_sleep(double seconds);

/*
 * A clock for deadlines, which stands still while the process does: a stopped and continued job (SIGSTOP, a suspended
 * batch job) has not used up its time. Whoever has one reads it in turns, and of each turn counts CLOCK_TURN at most.
 * Starts as zeros.
 */
#define CLOCK_TURN 2.0
typedef struct clock_awake {
    double seconds; /* what has counted so far */
    double last;    /* clock_seconds at the last turn; 0 before the first */
} clock_awake;
/* A turn at this time of clock_seconds; returns c->seconds. */
double clock_turn(clock_awake *c, double now);

/* A condition whose waits last by the clock of clock_seconds; the caller destroys it. */
void clock_condition_init(pthread_cond_t *c);
/* Wait for the condition, whose mutex is held, so many seconds at most. */
void clock_condition_wait(pthread_cond_t *c, pthread_mutex_t *mutex, double seconds);

#endif
