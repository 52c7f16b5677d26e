#ifndef LOCKSTEP_COMM_PLAN_PRIVATE_H
#define LOCKSTEP_COMM_PLAN_PRIVATE_H

#include "comm/plan.h"

/* A plan in the making. After a failure steps are dropped. */
typedef struct planner {
    plan *p;
    const plan_task *t;
    tree_front front;    /* of the ranks received so far; a node's slot is the number of its vector */
    size_t first, count; /* the elements that this rank adds */
    plan_window *window; /* of the scratch vectors that are asked for */
    int code;
} planner;

/* A range of ranks' shards, put together or to be. */
typedef struct plan_ranks {
    int from, to;
} plan_ranks;

static inline plan_ranks plan_unit(const plan_task *t, int level, int unit)
{
    return (plan_ranks){layout_first_rank(t->ranks, level, unit), layout_first_rank(t->ranks, level, unit + 1)};
}

void plan_message(planner *b, plan_verb verb, int peer, size_t vector, size_t first, size_t count);
void plan_wait(planner *b);
/* PLAN_ADD or PLAN_COPY, over the elements that this rank adds. */
void plan_combine(planner *b, plan_verb verb, size_t vector, size_t other);

/* The next window: of [first, first + count), which this rank adds from now on. */
void plan_open_window(planner *b, size_t first, size_t count);
/* A scratch vector in it. */
size_t plan_scratch(planner *b);

/* Receive the front of these ranks from one of them, into scratch. */
void plan_receive_front(planner *b, plan_ranks ranks, int peer);
/* Send a front's vectors, over this range. */
void plan_send_front(planner *b, const tree_front *front, int peer, size_t first, size_t count);
/* Put the front of these ranks behind what was received so far; its vectors are *vector, *vector + 1, ... */
void plan_merge_front(planner *b, plan_ranks ranks, size_t *vector);
/* Put a front whose slots are vectors behind what was received so far. */
void plan_merge_own(planner *b, const tree_front *own);

/* The two ways. b->front is this rank's front; the result ends up in vector 0. */
void plan_short(planner *b);
void plan_large(planner *b);

#endif
