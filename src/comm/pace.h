#ifndef LOCKSTEP_COMM_PACE_H
#define LOCKSTEP_COMM_PACE_H

#include "base/watch.h"

/*
 * Which rank is the slowest of a job that gets on: the one that waits least for the others in collective calls. Pure
 * functions of what ranks report of their time; shares are of the last half minute or so, 0 to 1.
 */
typedef struct pace_rank {
    int reports; /* two make a share */
    double when; /* of the last one */
    watch_spent spent;
    double waiting, pictures; /* shares */
} pace_rank;

/* A report of this moment, in seconds. */
void pace_note(pace_rank *r, double now, const watch_spent *spent);

typedef struct pace {
    int rank; /* the slowest; -1: not known, or there is one rank only */
    double waiting, pictures;
    double others; /* share that the others wait, their mean */
} pace;

/* Not known as long as a rank has not reported twice. */
pace pace_of(const pace_rank *ranks, int n);

#endif
