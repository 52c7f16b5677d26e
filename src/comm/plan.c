#include "comm/plan.h"

#include <stdlib.h>

#include "base/error.h"
#include "comm/comm.h"

/* Up to so many ranks a short vector is sent to all at once: one round, which is what a short message costs. */
enum { FEW_RANKS = 8 };

size_t comm_first_shard(size_t total_shards, int rank, int size)
{
    const size_t r = (size_t)rank, s = (size_t)size;
    return total_shards / s * r + total_shards % s * r / s; /* rank * total / size without overflow */
}

/* The front of ranks [from, to) once they have put their shards together. */
static void front_of_ranks(tree_front *out, const plan_task *t, int from, int to)
{
    const size_t first = comm_first_shard(t->total, from, t->size);
    const size_t end = comm_first_shard(t->total, to < t->size ? to : t->size, t->size);
    tree_front_of(out, first, end - first, t->total);
}

void plan_front(tree_front *out, const plan_task *task, int r)
{
    front_of_ranks(out, task, r, r + 1);
}

/* A plan in the making. After a failure steps are dropped. */
typedef struct planner {
    plan *p;
    const plan_task *t;
    tree_front front;    /* of the ranks heard so far; a node's slot is the number of its vector */
    size_t first, count; /* the elements that this rank adds */
    int code;
} planner;

static void push(planner *b, plan_step step)
{
    plan *p = b->p;
    if (p->count == p->capacity && b->code == LS_OK) {
        const size_t capacity = p->capacity == 0 ? 16 : 2 * p->capacity;
        plan_step *steps = realloc(p->steps, capacity * sizeof *steps);
        if (steps == NULL) {
            b->code = error_set(LS_ENOMEM, "out of memory for planning a sum between ranks");
            return;
        }
        p->steps = steps;
        p->capacity = capacity;
    }
    if (b->code == LS_OK && (step.count > 0 || step.verb == PLAN_WAIT)) {
        p->steps[p->count++] = step;
    }
}

static void message(planner *b, plan_verb verb, int peer, size_t vector, size_t first, size_t count)
{
    push(b, (plan_step){.verb = verb, .peer = peer, .vector = vector, .first = first, .count = count});
}

static void await(planner *b)
{
    push(b, (plan_step){.verb = PLAN_WAIT});
}

static void combine(planner *b, plan_verb verb, size_t vector, size_t other)
{
    push(b, (plan_step){.verb = verb, .vector = vector, .other = other, .first = b->first, .count = b->count});
}

static size_t scratch_vector(planner *b)
{
    return b->p->own + 1 + b->p->scratch++;
}

static void add_nodes(void *context, size_t into, size_t from)
{
    combine(context, PLAN_ADD, into, from);
}

/* Receive the front that ranks [from, to) have put together from the first of them, into scratch. */
static void receive_front(planner *b, int from, int to)
{
    tree_front theirs;
    front_of_ranks(&theirs, b->t, from, to);
    for (size_t i = 0; i < theirs.count; i++) {
        message(b, PLAN_RECEIVE, from, scratch_vector(b), b->first, b->count);
    }
}

/* Put the front of ranks [from, to) behind what was heard so far; its vectors are *vector, *vector + 1, ... */
static void merge_front(planner *b, int from, int to, size_t *vector)
{
    tree_front theirs;
    front_of_ranks(&theirs, b->t, from, to);
    for (size_t i = 0; i < theirs.count; i++) {
        theirs.nodes[i].slot = (*vector)++;
    }
    tree_merge(&b->front, &theirs, 0, b->t->total, add_nodes, b);
}

static void merge_own(planner *b)
{
    size_t vector = 1;
    merge_front(b, b->t->rank, b->t->rank + 1, &vector);
}

/* Elements that rank r adds in a direct exchange. */
static void slice_of(const plan_task *t, int r, size_t *first, size_t *count)
{
    *first = t->large ? comm_first_shard(t->n, r, t->size) : 0;
    *count = t->large ? comm_first_shard(t->n, r + 1, t->size) - *first : t->n;
}

/* The fronts of all ranks, in order, put together over this rank's slice; theirs have come into scratch. */
static void merge_all(planner *b)
{
    size_t arrived = b->p->own + 1;
    for (int r = 0; r < b->t->size; r++) {
        if (r == b->t->rank) {
            merge_own(b);
        } else {
            merge_front(b, r, r + 1, &arrived);
        }
    }
}

static void plan_direct(planner *b)
{
    const plan_task *t = b->t;
    slice_of(t, t->rank, &b->first, &b->count);
    for (int r = 0; r < t->size; r++) { /* in the order in which merge_all takes them */
        if (r != t->rank) {
            receive_front(b, r, r + 1);
        }
    }
    for (int k = 1; k < t->size; k++) { /* each rank begins with another, so that none is flooded */
        const int peer = (t->rank + k) % t->size;
        size_t first = 0;
        size_t count = 0;
        slice_of(t, peer, &first, &count);
        for (size_t i = 1; i <= b->p->own; i++) {
            message(b, PLAN_SEND, peer, i, first, count);
        }
    }
    await(b);
    merge_all(b);
    combine(b, PLAN_COPY, 0, b->front.nodes[0].slot);
    for (int k = 1; t->large && k < t->size; k++) {
        const int from = (t->rank + t->size - k) % t->size;
        size_t first = 0;
        size_t count = 0;
        slice_of(t, from, &first, &count);
        message(b, PLAN_RECEIVE, from, 0, first, count);
        message(b, PLAN_SEND, (t->rank + k) % t->size, 0, b->first, b->count);
    }
}

/* Whether the ranks are the leaves of a complete tree: every rank holds one node, all of one level. */
static int ranks_are_leaves(const plan_task *t)
{
    const size_t size = (size_t)t->size;
    const size_t each = t->total / size;
    return (size & (size - 1)) == 0 && t->total % size == 0 && each != 0 && (each & (each - 1)) == 0;
}

/* Each round, pairs at distance d exchange all they have. */
static void plan_doubling(planner *b)
{
    const plan_task *t = b->t;
    const size_t theirs = scratch_vector(b);
    combine(b, PLAN_COPY, 0, 1);
    for (int d = 1; d < t->size; d *= 2) {
        const int peer = t->rank ^ d;
        message(b, PLAN_RECEIVE, peer, theirs, 0, t->n);
        message(b, PLAN_SEND, peer, 0, 0, t->n);
        await(b);
        combine(b, PLAN_ADD, 0, theirs);
    }
}

/* To rank 0. Returns the distance at which this rank gives up what it has; for rank 0 the first past the end. */
static int gather(planner *b)
{
    const plan_task *t = b->t;
    size_t arrived = b->p->own + 1;
    int end = 1;
    for (; end < t->size && t->rank % (2 * end) == 0; end *= 2) {
        if (t->rank + end < t->size) {
            receive_front(b, t->rank + end, t->rank + 2 * end);
        }
    }
    await(b);
    merge_own(b);
    for (int d = 1; d < end; d *= 2) {
        if (t->rank + d < t->size) {
            merge_front(b, t->rank + d, t->rank + 2 * d, &arrived);
        }
    }
    for (size_t i = 0; t->rank > 0 && i < b->front.count; i++) {
        message(b, PLAN_SEND, t->rank - end, b->front.nodes[i].slot, 0, t->n);
    }
    return end;
}

static void plan_binomial(planner *b)
{
    const plan_task *t = b->t;
    int d = gather(b);
    if (t->rank == 0) {
        combine(b, PLAN_COPY, 0, b->front.nodes[0].slot);
    } else {
        await(b); /* the result may come to where the sums are that it is made of */
        message(b, PLAN_RECEIVE, t->rank - d, 0, 0, t->n);
        await(b);
    }
    for (d /= 2; d > 0; d /= 2) {
        if (t->rank + d < t->size) {
            message(b, PLAN_SEND, t->rank + d, 0, 0, t->n);
        }
    }
}

int plan_sum(plan *p, const plan_task *task)
{
    planner b = {.p = p, .t = task, .count = task->n};
    tree_front own;
    plan_front(&own, task, task->rank);
    p->count = 0;
    p->own = own.count;
    p->scratch = 0;
    if (task->large || task->size <= FEW_RANKS) {
        plan_direct(&b);
    } else if (ranks_are_leaves(task)) {
        plan_doubling(&b);
    } else {
        plan_binomial(&b);
    }
    await(&b);
    p->window_first = b.first;
    p->window_count = b.count;
    return b.code;
}

void plan_release(plan *p)
{
    free(p->steps);
    *p = (plan){0};
}
