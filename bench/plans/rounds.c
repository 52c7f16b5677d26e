#include "plans/rounds.h"

#include <stdlib.h>

#include "base/error.h"
#include "comm/plan.h"

/* 48 bytes each, three times. */
enum { MOST_MESSAGES = 1 << 24 };

/* The parts of a rank's plan that end with a wait are its segments; those of all ranks have numbers in a row. */
typedef struct message {
    int from, to;
    size_t segment; /* of the sender, or of the receiver, where it is waited for */
    size_t count;   /* elements */
    size_t place;   /* of those that its sender sends in this segment, from 1 */
    size_t inner;   /* elements of these so far, within the node */
} message;

typedef struct messages {
    message *items; /* owned */
    size_t count, capacity;
} messages;

typedef struct sum_chains {
    const rounds_task *t;
    messages sends, receives; /* in the same order, once they are matched */
    size_t *first;            /* owned; [ranks + 1]: each rank's first segment, and the number of segments */
    size_t *before;           /* owned; [segments]: rounds that are over when it begins */
    size_t *after;            /* owned; [segments]: rounds that are to come once it begins */
    size_t *arrivals;         /* owned; [segments]: messages for which its rank waits longest */
    size_t *inner;            /* owned; [segments]: their elements, within the node */
    size_t rounds;
} sum_chains;

static int add_message(messages *m, message item)
{
    if (m->count == MOST_MESSAGES) {
        return error_set(LS_EUSAGE, "a sum of more than %d messages is more than fits here; ask for fewer ranks",
                         MOST_MESSAGES);
    }
    if (m->count == m->capacity) {
        const size_t capacity = m->capacity == 0 ? 1024 : 2 * m->capacity;
        message *const items = realloc(m->items, capacity * sizeof *items);
        if (items == NULL) {
            return error_set(LS_ENOMEM, "out of memory for %zu messages", capacity);
        }
        m->items = items;
        m->capacity = capacity;
    }
    m->items[m->count++] = item;
    return LS_OK;
}

static int same_node(const sum_chains *g, int a, int b)
{
    const layout *const l = g->t->ranks;
    return layout_unit_of(l, LAYOUT_NODES, a) == layout_unit_of(l, LAYOUT_NODES, b);
}

/* The messages of one rank's plan, whose segments begin with number first[rank]. */
static int add_plan(sum_chains *g, const plan *p, int rank)
{
    int code = LS_OK;
    message m = {.from = rank, .segment = g->first[rank]};
    for (size_t i = 0; code == LS_OK && i < p->count; i++) {
        const plan_step *const s = &p->steps[i];
        if (s->verb == PLAN_SEND) {
            m.to = s->peer;
            m.count = s->count;
            m.place++;
            m.inner += same_node(g, rank, s->peer) ? s->count : 0;
            code = add_message(&g->sends, m);
        } else if (s->verb == PLAN_RECEIVE) {
            code = add_message(&g->receives,
                               (message){.from = s->peer, .to = rank, .segment = m.segment, .count = s->count});
        } else if (s->verb == PLAN_WAIT) {
            m = (message){.from = rank, .segment = m.segment + 1};
        }
    }
    g->first[rank + 1] = m.segment + 1; /* what follows the last wait is one as well */
    return code;
}

static int plan_ranks_of(sum_chains *g)
{
    const rounds_task *const t = g->t;
    plan p = {0};
    int code = LS_OK;
    g->first = calloc((size_t)t->ranks->ranks + 1, sizeof *g->first);
    if (g->first == NULL) {
        return error_set(LS_ENOMEM, "out of memory for plans of %d ranks", t->ranks->ranks);
    }
    for (int rank = 0; code == LS_OK && rank < t->ranks->ranks; rank++) {
        const plan_task task = {t->planned, rank, t->shards, t->n, t->n >= PLAN_LARGE / t->width};
        code = plan_sum(&p, &task);
        if (code == LS_OK) {
            code = add_plan(g, &p, rank);
        }
    }
    plan_release(&p);
    return code;
}

static size_t key_of(const message *m, int by_sender)
{
    return (size_t)(by_sender ? m->from : m->to);
}

/* In the order of their senders or receivers; those of one stay in their order. */
static int sort(messages *m, int by_sender, int ranks)
{
    message *const sorted = calloc(m->count + 1, sizeof *sorted);
    size_t *const at = calloc((size_t)ranks + 1, sizeof *at);
    if (sorted == NULL || at == NULL) {
        free(sorted);
        free(at);
        return error_set(LS_ENOMEM, "out of memory for %zu messages", m->count);
    }
    for (size_t i = 0; i < m->count; i++) {
        at[key_of(&m->items[i], by_sender) + 1]++;
    }
    for (int r = 0; r < ranks; r++) {
        at[r + 1] += at[r];
    }
    for (size_t i = 0; i < m->count; i++) {
        sorted[at[key_of(&m->items[i], by_sender)]++] = m->items[i];
    }
    free(at);
    free(m->items);
    m->items = sorted;
    m->capacity = m->count + 1;
    return LS_OK;
}

/* Each message's receipt in the place of its sending. Between two ranks they arrive in the order they are sent. */
static int match(sum_chains *g)
{
    const int ranks = g->t->ranks->ranks;
    int code = sort(&g->sends, 0, ranks); /* they are in the order of their senders */
    if (code == LS_OK) {
        code = sort(&g->receives, 1, ranks);
    }
    if (code == LS_OK) {
        code = sort(&g->receives, 0, ranks);
    }
    int same = g->sends.count == g->receives.count;
    for (size_t i = 0; code == LS_OK && same && i < g->sends.count; i++) {
        const message *const a = &g->sends.items[i];
        const message *const b = &g->receives.items[i];
        same = a->from == b->from && a->to == b->to && a->count == b->count;
    }
    return code != LS_OK || same ? code : error_set(LS_ERROR, "plans of different ranks do not fit together");
}

static int at_least(size_t *value, size_t to)
{
    const int higher = to > *value;
    *value = higher ? to : *value;
    return higher;
}

/* Once more over all messages; returns whether anything is later than was thought. */
static int find_before(const sum_chains *g)
{
    int changed = 0;
    for (size_t i = 0; i < g->sends.count; i++) {
        size_t *const next = &g->before[g->receives.items[i].segment + 1];
        changed |= at_least(next, g->before[g->sends.items[i].segment] + 1);
    }
    return changed;
}

static int find_after(const sum_chains *g)
{
    int changed = 0;
    for (size_t i = g->sends.count; i-- > 0;) {
        size_t *const own = &g->after[g->sends.items[i].segment];
        changed |= at_least(own, g->after[g->receives.items[i].segment + 1] + 1);
    }
    return changed;
}

/* Of a rank, a segment begins when the one before it has ended. */
static int follow_segments(const sum_chains *g)
{
    int changed = 0;
    for (int r = 0; r < g->t->ranks->ranks; r++) {
        for (size_t s = g->first[r] + 1; s < g->first[r + 1]; s++) {
            changed |= at_least(&g->before[s], g->before[s - 1]);
        }
        for (size_t s = g->first[r + 1] - 1; s > g->first[r]; s--) {
            changed |= at_least(&g->after[s - 1], g->after[s]);
        }
    }
    return changed;
}

static int find_chains(sum_chains *g)
{
    const size_t segments = g->first[g->t->ranks->ranks];
    g->before = calloc(segments, sizeof *g->before);
    g->after = calloc(segments, sizeof *g->after);
    g->arrivals = calloc(segments, sizeof *g->arrivals);
    g->inner = calloc(segments, sizeof *g->inner);
    if (g->before == NULL || g->after == NULL || g->arrivals == NULL || g->inner == NULL) {
        return error_set(LS_ENOMEM, "out of memory for %zu parts of plans", segments);
    }
    int changed = 1;
    while (changed) {
        changed = find_before(g);
        changed |= find_after(g);
        changed |= follow_segments(g);
    }
    for (size_t s = 0; s < segments; s++) {
        (void)at_least(&g->rounds, g->after[s]);
    }
    return LS_OK;
}

/* The round of message i, from 0. */
static size_t round_of(const sum_chains *g, size_t i)
{
    return g->before[g->sends.items[i].segment];
}

static void find_arrivals(sum_chains *g)
{
    for (size_t i = 0; i < g->sends.count; i++) {
        const message *const m = &g->sends.items[i];
        const size_t segment = g->receives.items[i].segment;
        if (round_of(g, i) + 1 == g->before[segment + 1]) {
            g->arrivals[segment]++;
            g->inner[segment] += same_node(g, m->from, m->to) ? m->count : 0;
        }
    }
}

/* The next message of the chain, or its first, where `last` is NULL: the one with most others beside it. */
static size_t next_message(const sum_chains *g, size_t round, const message *last)
{
    size_t best = 0;
    size_t most = 0;
    for (size_t i = 0; i < g->sends.count; i++) {
        const message *const m = &g->sends.items[i];
        const size_t segment = g->receives.items[i].segment;
        const int follows = last == NULL || m->from == last->to;
        if (follows && round_of(g, i) == round && round + 1 + g->after[segment + 1] == g->rounds &&
            m->place + g->arrivals[segment] > most) {
            most = m->place + g->arrivals[segment];
            best = i;
        }
    }
    return best;
}

static sum_round describe(const sum_chains *g, size_t chosen)
{
    const message *const m = &g->sends.items[chosen];
    const size_t segment = g->receives.items[chosen].segment;
    sum_round r = {.sends = m->place, .receives = g->arrivals[segment]};
    r.inner = m->inner < g->inner[segment] ? m->inner : g->inner[segment];
    for (size_t i = 0; i < g->sends.count; i++) {
        const message *const other = &g->sends.items[i];
        if (round_of(g, i) == round_of(g, chosen) && same_node(g, other->from, m->from) &&
            !same_node(g, other->to, m->from)) {
            r.outer += other->count;
        }
    }
    return r;
}

static int follow_chain(sum_rounds *out, const sum_chains *g)
{
    const message *last = NULL;
    out->rounds = calloc(g->rounds + 1, sizeof *out->rounds);
    if (out->rounds == NULL) {
        return error_set(LS_ENOMEM, "out of memory for %zu rounds", g->rounds);
    }
    for (; out->count < g->rounds; out->count++) {
        const size_t i = next_message(g, out->count, last);
        out->rounds[out->count] = describe(g, i);
        last = &g->sends.items[i];
    }
    return LS_OK;
}

int rounds_of(sum_rounds *out, const rounds_task *task)
{
    sum_chains g = {.t = task};
    *out = (sum_rounds){0};
    int code = plan_ranks_of(&g);
    if (code == LS_OK) {
        code = match(&g);
    }
    if (code == LS_OK) {
        code = find_chains(&g);
    }
    if (code == LS_OK) {
        find_arrivals(&g);
        code = follow_chain(out, &g);
    }
    free(g.sends.items);
    free(g.receives.items);
    free(g.first);
    free(g.before);
    free(g.after);
    free(g.arrivals);
    free(g.inner);
    return code;
}

void rounds_release(sum_rounds *r)
{
    free(r->rounds);
    *r = (sum_rounds){0};
}
