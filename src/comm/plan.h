#ifndef LOCKSTEP_COMM_PLAN_H
#define LOCKSTEP_COMM_PLAN_H

#include <stddef.h>

#include "base/tree.h"
#include "comm/layout.h"

/*
 * What one rank does for a sum along the shard tree: messages and additions, in order. Pure; knows ranks, not MPI. Any
 * plan adds along the same tree, so all give the same bits; they differ in messages and rounds only.
 *
 * Vectors have numbers: 0 is the result, 1 to `own` are this rank's front nodes, in order, and those from own + 1 on
 * are scratch. Scratch vectors come in windows: the vectors of one hold the same range of elements only.
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

/* Scratch vectors [vector, vector + vectors), each of elements [first, first + count). */
typedef struct plan_window {
    size_t vector, vectors;
    size_t first, count;
} plan_window;

typedef struct plan {
    plan_step *steps; /* owned */
    size_t count, capacity;
    size_t own;                             /* vectors */
    plan_window windows[LAYOUT_LEVELS - 1]; /* in the order of their vectors; those not used have none */
} plan;

enum { PLAN_LARGE = 1 << 16 }; /* bytes of a vector that is worth splitting up among the ranks, at least */

/* The sum to be planned. */
typedef struct plan_task {
    const layout *ranks;
    int rank;
    size_t total; /* shards of the global batch */
    size_t n;     /* elements of a vector */
    int large;    /* of PLAN_LARGE bytes or more */
} plan_task;

/*
 * Plan a rank's part; *p starts as zeros, may be planned again and again, and is released with plan_release. All ranks
 * must plan the same sum. Returns 0 or LS_ENOMEM.
 *
 * Short vectors are put together by the first rank of each node, and go from there to all ranks of it. Between nodes
 * (between ranks, where there is one node, or a rank on each) they are exchanged directly if those are few; by
 * recursive doubling where they are the leaves of a complete tree; otherwise along a binomial tree to the first and
 * back.
 *
 * Large vectors are split up, level by level: among the ranks of a node each gets what the others have of its slice and
 * adds; the ranks with the same slice in the nodes of a group split that up in the same way, then those of all groups;
 * and the results are handed around, level by level back. A rank sends and receives as many messages as there are ranks
 * in its node, nodes in its group and groups, and each element crosses the network once for a node.
 */
int plan_sum(plan *p, const plan_task *task);
void plan_release(plan *p);

#endif
