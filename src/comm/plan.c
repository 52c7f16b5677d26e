#include "comm/plan.h"

#include <stdlib.h>

#include "base/error.h"
#include "comm/comm.h"
#include "comm/plan_private.h"

/* The front of these ranks once they have put their shards together. */
static void front_of(tree_front *out, const plan_task *t, plan_ranks ranks)
{
    const size_t first = shard_range_first(t->total, (size_t)ranks.from, (size_t)t->ranks->ranks);
    const size_t end = shard_range_first(t->total, (size_t)ranks.to, (size_t)t->ranks->ranks);
    tree_front_of(out, first, end - first, t->total);
}

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

void plan_message(planner *b, plan_verb verb, int peer, size_t vector, size_t first, size_t count)
{
    push(b, (plan_step){.verb = verb, .peer = peer, .vector = vector, .first = first, .count = count});
}

void plan_wait(planner *b)
{
    push(b, (plan_step){.verb = PLAN_WAIT});
}

void plan_combine(planner *b, plan_verb verb, size_t vector, size_t other)
{
    push(b, (plan_step){.verb = verb, .vector = vector, .other = other, .first = b->first, .count = b->count});
}

void plan_open_window(planner *b, size_t first, size_t count)
{
    const plan_window *const last = b->window;
    b->window = last == NULL ? b->p->windows : b->window + 1;
    b->window->vector = last == NULL ? b->p->own + 1 : last->vector + last->vectors;
    b->window->first = b->first = first;
    b->window->count = b->count = count;
}

size_t plan_scratch(planner *b)
{
    return b->window->vector + b->window->vectors++;
}

static void add_nodes(void *context, size_t into, size_t from)
{
    plan_combine(context, PLAN_ADD, into, from);
}

void plan_receive_front(planner *b, plan_ranks ranks, int peer)
{
    tree_front theirs;
    front_of(&theirs, b->t, ranks);
    for (size_t i = 0; i < theirs.count; i++) {
        plan_message(b, PLAN_RECEIVE, peer, plan_scratch(b), b->first, b->count);
    }
}

void plan_send_front(planner *b, const tree_front *front, int peer, size_t first, size_t count)
{
    for (size_t i = 0; i < front->count; i++) {
        plan_message(b, PLAN_SEND, peer, front->nodes[i].slot, first, count);
    }
}

void plan_merge_front(planner *b, plan_ranks ranks, size_t *vector)
{
    tree_front theirs;
    front_of(&theirs, b->t, ranks);
    for (size_t i = 0; i < theirs.count; i++) {
        theirs.nodes[i].slot = (*vector)++;
    }
    plan_merge_own(b, &theirs);
}

void plan_merge_own(planner *b, const tree_front *own)
{
    tree_merge(&b->front, own, 0, b->t->total, add_nodes, b);
}

int plan_sum(plan *p, const plan_task *task)
{
    planner b = {.p = p, .t = task, .count = task->n};
    front_of(&b.front, task, (plan_ranks){task->rank, task->rank + 1});
    *p = (plan){.steps = p->steps, .capacity = p->capacity, .own = b.front.count};
    for (size_t i = 0; i < b.front.count; i++) {
        b.front.nodes[i].slot = i + 1;
    }
    if (task->large) {
        plan_large(&b);
    } else {
        plan_short(&b);
    }
    plan_wait(&b);
    return b.code;
}

void plan_release(plan *p)
{
    free(p->steps);
    *p = (plan){0};
}
