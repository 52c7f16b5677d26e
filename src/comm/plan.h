#ifndef LOCKSTEP_COMM_PLAN_H
#define LOCKSTEP_COMM_PLAN_H

#include <stddef.h>

#include "base/tree.h"

/*
 * What one rank does for a sum along the shard tree: messages and additions, in order. Pure; knows ranks, not MPI. Any
 * plan adds along the same tree, so all give the same bits; they differ in messages and rounds only.
 *
 * Vectors have numbers: 0 is the result, 1 to `own` are this rank's front nodes, in order, and those from own + 1 on
 * are scratch. A scratch vector holds elements [window_first, window_first + window_count) only.
 */
typedef enum plan_verb {
    PLAN_SEND,    /* a range of `vector` to `peer` */
    PLAN_RECEIVE, /* a range of `vector` from `peer` */
    PLAN_WAIT,    /* for all messages so far */
    PLAN_ADD,     /* vector += other; addition commutes, so that it does not matter whose shards are the lower */
    PLAN_COPY,    /* vector = other; nothing to do where both are the same memory */
} plan_verb;

typedef struct plan_step {
    plan_verb verb;
    int peer;
    size_t vector, other;
    size_t first, count; /* elements, counted from the vectors' first */
} plan_step;

typedef struct plan {
    plan_step *steps; /* owned */
    size_t count, capacity;
    size_t own, scratch; /* vectors */
    size_t window_first, window_count;
} plan;

/* The sum to be planned. */
typedef struct plan_task {
    int rank, size;
    size_t total; /* shards of the global batch */
    size_t n;     /* elements of a vector */
    int large;    /* worth splitting up among the ranks */
} plan_task;

/*
 * Plan a rank's part; *p starts as zeros, may be planned again and again, and is released with plan_release. All ranks
 * must plan the same sum. Returns 0 or LS_ENOMEM.
 *
 * Large vectors, and short ones on few ranks, are exchanged directly: each rank gets what the others have of its slice
 * (if short: of all), adds, and (if large) hands its slice around. Short ones on many ranks go by recursive doubling
 * where the ranks are leaves of a complete tree, otherwise along a binomial tree to rank 0 and back.
 */
int plan_sum(plan *p, const plan_task *task);
void plan_release(plan *p);

/* The front of rank r in that sum. */
void plan_front(tree_front *out, const plan_task *task, int r);

#endif
