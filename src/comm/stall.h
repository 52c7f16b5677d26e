#ifndef LOCKSTEP_COMM_STALL_H
#define LOCKSTEP_COMM_STALL_H

#include <stddef.h>

#include "base/watch.h"

/* Who is waited for in a job that does not get on, and how to say so. Pure functions of what is known of each rank. */
typedef struct stall_rank {
    const char *host; /* not owned */
    long pid;
    int reported;      /* ever */
    double silent;     /* seconds since its last report; 0 for the rank that examines */
    double idle;       /* seconds since its last progress */
    watch_state state; /* as last reported */
} stall_rank;

typedef enum stall_cause {
    STALL_SILENT,    /* it says nothing any more: stopped, dead or cut off */
    STALL_BUSY,      /* it is in no collective call, and the others wait for it in one */
    STALL_NO_REPORT, /* all that report wait in collective calls; this one never reported */
    STALL_BEHIND,    /* all wait, but it in an earlier call than others */
    STALL_ALL,       /* all wait in the same call */
} stall_cause;

typedef struct stall_verdict {
    stall_cause cause;
    int rank;          /* the one waited for, or the first of them */
    int others;        /* how many more there are of which the same is true */
    uint64_t furthest; /* the last collective call that any rank waits in; 0: none waits */
} stall_verdict;

/* How long a rank must have been silent to be taken for gone in a job with this timeouts.stall. */
double stall_silence(double stall);

stall_verdict stall_find_cause(const stall_rank *ranks, int n, double silence);

/* Who is waited for, and why, as one line without its end: "rank 1 on node2 (pid 4711) has …". Returns out. */
const char *stall_conclude(char *out, size_t size, const stall_rank *ranks, int n, double silence);

/*
 * What a report says of these ranks: a line each, those waited for first and only so many of them, then a conclusion.
 * Each begins with `lead` and ends in a newline. Writes at most `size` bytes with the final 0; returns those without.
 */
size_t stall_describe(char *out, size_t size, const char *lead, const stall_rank *ranks, int n, double silence);

#endif
