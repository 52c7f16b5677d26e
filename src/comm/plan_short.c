/* Sums of vectors that cost a message's latency and nothing else. plan.h says how. */
#include "comm/plan_private.h"

/* Up to so many units send to all at once: one round, which is what a short message costs. */
enum { FEW_UNITS = 8 };

/* Who exchanges: nodes through their first ranks, or ranks. */
typedef struct exchange {
    planner *b;
    tree_front own; /* this unit's */
    int level, units, unit;
} exchange;

static int leader(const exchange *x, int unit)
{
    return layout_first_rank(x->b->t->ranks, x->level, unit);
}

/* Units [from, to), as far as there are any. */
static plan_ranks ranks_of(const exchange *x, int from, int to)
{
    return (plan_ranks){leader(x, from), leader(x, to)};
}

static void exchange_directly(exchange *x)
{
    planner *const b = x->b;
    size_t arrived = b->window->vector + b->window->vectors;
    for (int u = 0; u < x->units; u++) { /* in the order in which they are merged */
        if (u != x->unit) {
            plan_receive_front(b, ranks_of(x, u, u + 1), leader(x, u));
        }
    }
    for (int k = 1; k < x->units; k++) { /* each begins with another, so that none is flooded */
        plan_send_front(b, &x->own, leader(x, (x->unit + k) % x->units), 0, b->t->n);
    }
    plan_wait(b);
    b->front.count = 0;
    for (int u = 0; u < x->units; u++) {
        if (u == x->unit) {
            plan_merge_own(b, &x->own);
        } else {
            plan_merge_front(b, ranks_of(x, u, u + 1), &arrived);
        }
    }
    plan_combine(b, PLAN_COPY, 0, b->front.nodes[0].slot);
}

/* Whether the units are the leaves of a complete tree: each holds one node, all of one level. */
static int units_are_leaves(const exchange *x)
{
    const size_t units = (size_t)x->units;
    const size_t each = x->b->t->total / units;
    return (x->level == LAYOUT_RANKS || x->b->t->ranks->even) && (units & (units - 1)) == 0 &&
           x->b->t->total % units == 0 && each != 0 && (each & (each - 1)) == 0;
}

/* Each round, pairs at distance d exchange all they have. */
static void exchange_doubling(exchange *x)
{
    planner *const b = x->b;
    const size_t theirs = plan_scratch(b);
    plan_combine(b, PLAN_COPY, 0, x->own.nodes[0].slot);
    for (int d = 1; d < x->units; d *= 2) {
        const int peer = leader(x, x->unit ^ d);
        plan_message(b, PLAN_RECEIVE, peer, theirs, 0, b->t->n);
        plan_message(b, PLAN_SEND, peer, 0, 0, b->t->n);
        plan_wait(b);
        plan_combine(b, PLAN_ADD, 0, theirs);
    }
}

/* To unit 0. Returns the distance at which this one gives up what it has; for unit 0 the first past the end. */
static int gather(exchange *x)
{
    planner *const b = x->b;
    size_t arrived = b->window->vector + b->window->vectors;
    int end = 1;
    for (; end < x->units && x->unit % (2 * end) == 0; end *= 2) {
        if (x->unit + end < x->units) {
            plan_receive_front(b, ranks_of(x, x->unit + end, x->unit + 2 * end), leader(x, x->unit + end));
        }
    }
    plan_wait(b);
    for (int d = 1; d < end; d *= 2) {
        if (x->unit + d < x->units) {
            plan_merge_front(b, ranks_of(x, x->unit + d, x->unit + 2 * d), &arrived);
        }
    }
    if (x->unit > 0) {
        plan_send_front(b, &b->front, leader(x, x->unit - end), 0, b->t->n);
    }
    return end;
}

static void exchange_along_tree(exchange *x)
{
    planner *const b = x->b;
    int d = gather(x);
    if (x->unit == 0) {
        plan_combine(b, PLAN_COPY, 0, b->front.nodes[0].slot);
    } else {
        plan_wait(b); /* the result may come to where the sums are that it is made of */
        plan_message(b, PLAN_RECEIVE, leader(x, x->unit - d), 0, 0, b->t->n);
        plan_wait(b);
    }
    for (d /= 2; d > 0; d /= 2) {
        if (x->unit + d < x->units) {
            plan_message(b, PLAN_SEND, leader(x, x->unit + d), 0, 0, b->t->n);
        }
    }
}

static void exchange_all(planner *b, int level)
{
    exchange x = {
        .b = b,
        .own = b->front,
        .level = level,
        .units = layout_units(b->t->ranks, level),
        .unit = layout_unit_of(b->t->ranks, level, b->t->rank),
    };
    if (x.units <= FEW_UNITS) {
        exchange_directly(&x);
    } else if (units_are_leaves(&x)) {
        exchange_doubling(&x);
    } else {
        exchange_along_tree(&x);
    }
}

/* The first rank of a node puts together what its ranks have, exchanges with those of other nodes, and sends its ranks
 * the result. */
static void exchange_nodes(planner *b)
{
    const plan_task *const t = b->t;
    const int node = layout_unit_of(t->ranks, LAYOUT_NODES, t->rank);
    const plan_ranks mine = plan_unit(t, LAYOUT_NODES, node);
    size_t arrived = b->window->vector;
    if (t->rank != mine.from) {
        plan_send_front(b, &b->front, mine.from, 0, t->n);
        plan_wait(b); /* the result may come to where the sums are that it is made of */
        plan_message(b, PLAN_RECEIVE, mine.from, 0, 0, t->n);
        return;
    }
    for (int r = mine.from + 1; r < mine.to; r++) {
        plan_receive_front(b, (plan_ranks){r, r + 1}, r);
    }
    plan_wait(b);
    for (int r = mine.from + 1; r < mine.to; r++) {
        plan_merge_front(b, (plan_ranks){r, r + 1}, &arrived);
    }
    exchange_all(b, LAYOUT_NODES);
    plan_wait(b);
    for (int r = mine.from + 1; r < mine.to; r++) {
        plan_message(b, PLAN_SEND, r, 0, 0, t->n);
    }
}

void plan_short(planner *b)
{
    const layout *const l = b->t->ranks;
    plan_open_window(b, 0, b->t->n);
    if (l->nodes > 1 && l->nodes < l->ranks) {
        exchange_nodes(b);
    } else {
        exchange_all(b, LAYOUT_RANKS);
    }
}
