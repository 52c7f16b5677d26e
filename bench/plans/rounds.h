#ifndef LOCKSTEP_BENCH_ROUNDS_H
#define LOCKSTEP_BENCH_ROUNDS_H

#include <stddef.h>

#include "comm/layout.h"

/*
 * How long a sum between ranks takes, without a network: the longest chain of messages in its plans (comm/plan.h), of
 * all ranks, each sent by the rank that waited for the one before it. Of the longest, one with many other messages
 * beside it. A round is a message of the chain:
 */
typedef struct sum_round {
    size_t sends;    /* of its sender: it and those just before it */
    size_t receives; /* of its receiver: it and those that come at the same time and are waited for as well */
    /*
     * Within the node, elements: of these, what the sender sends or the receiver receives, whichever is less. What goes
     * from one rank to many, or from many to one, is moved by the many, all at once.
     */
    size_t inner;
    size_t outer; /* elements that the ranks of the sender's node send to other nodes in the same round: they share its
                     link */
} sum_round;

typedef struct sum_rounds {
    sum_round *rounds; /* owned; [count] */
    size_t count;
} sum_rounds;

/* The sum that is asked for. */
typedef struct rounds_task {
    const layout *planned; /* what the plans are made for */
    const layout *ranks;   /* where the ranks are; as many */
    size_t shards;         /* of the global batch */
    size_t n, width;       /* elements of a vector, and bytes of one */
} rounds_task;

/* Returns 0 or a negative code; *out is released with rounds_release, on failure too. */
int rounds_of(sum_rounds *out, const rounds_task *task);
void rounds_release(sum_rounds *r);

#endif
