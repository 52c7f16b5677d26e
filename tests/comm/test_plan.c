#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

#include "base/error.h"
#include "base/random.h"
#include "comm/comm.h"
#include "comm/layout.h"
#include "comm/plan.h"

/*
 * All ranks' plans carried out in one process: every message has to find its receiver, and every rank has to end with
 * the sum that a single holder of all shards forms.
 */
enum { MOST_RANKS = 17, MOST_SHARDS = 36, WIDTH = 19, MOST_VECTORS = 1 + 3 * MOST_SHARDS, MAILBOX = 256 };

typedef struct mailbox { /* of one sender and receiver, in order */
    float values[MAILBOX][WIDTH];
    size_t counts[MAILBOX];
    size_t sent, received;
} mailbox;

typedef struct player {
    plan p;
    size_t at;     /* the next step */
    size_t posted; /* receives since the last wait: steps [posted, at) are looked through */
    int out_is_vectors;
    float vectors[MOST_VECTORS][WIDTH];
} player;

static float leaves[MOST_SHARDS][WIDTH];
static player players[MOST_RANKS];
static mailbox boxes[MOST_RANKS][MOST_RANKS];

static float *vector_of(player *r, size_t number)
{
    ck_assert_uint_lt(number, MOST_VECTORS);
    return r->vectors[number == 0 && r->out_is_vectors ? 1 : number];
}

static void add_leaves(void *context, size_t into, size_t from)
{
    float(*v)[WIDTH] = context;
    for (size_t i = 0; i < WIDTH; i++) {
        v[into][i] += v[from][i];
    }
}

static void check_window(const player *r, size_t number, const plan_step *step)
{
    ck_assert_uint_le(step->first + step->count, WIDTH);
    if (number <= r->p.own) {
        return;
    }
    const plan_window *w = r->p.windows;
    while (w < r->p.windows + LAYOUT_ALL && number >= w->vector + w->vectors) {
        w++;
    }
    ck_assert(w < r->p.windows + LAYOUT_ALL);
    ck_assert_uint_ge(step->first, w->first);
    ck_assert_uint_le(step->first + step->count, w->first + w->count);
}

static void send(int rank, const plan_step *step)
{
    mailbox *box = &boxes[rank][step->peer];
    ck_assert_uint_lt(box->sent, MAILBOX);
    memcpy(box->values[box->sent], vector_of(&players[rank], step->vector) + step->first, step->count * sizeof(float));
    box->counts[box->sent++] = step->count;
}

/* At a wait: fill what was asked for since the last; 0 while something is not there yet. */
static int receive_all(int rank)
{
    player *r = &players[rank];
    for (; r->posted < r->at; r->posted++) {
        const plan_step *step = &r->p.steps[r->posted];
        if (step->verb != PLAN_RECEIVE) {
            continue;
        }
        mailbox *box = &boxes[step->peer][rank];
        if (box->received == box->sent) {
            return 0;
        }
        ck_assert_uint_eq(box->counts[box->received], step->count);
        memcpy(vector_of(r, step->vector) + step->first, box->values[box->received++], step->count * sizeof(float));
    }
    return 1;
}

static void compute(player *r, const plan_step *step)
{
    float *v = vector_of(r, step->vector);
    const float *o = vector_of(r, step->other);
    check_window(r, step->other, step);
    for (size_t i = step->first; i < step->first + step->count; i++) {
        v[i] = step->verb == PLAN_ADD ? v[i] + o[i] : o[i];
    }
}

/* As far as this rank gets; returns whether it got on at all. */
static int play(int rank)
{
    player *r = &players[rank];
    const size_t before = r->at;
    for (; r->at < r->p.count; r->at++) {
        const plan_step *step = &r->p.steps[r->at];
        if (step->verb == PLAN_WAIT) {
            if (!receive_all(rank)) {
                break;
            }
            continue;
        }
        check_window(r, step->vector, step);
        if (step->verb == PLAN_SEND) {
            send(rank, step);
        } else if (step->verb != PLAN_RECEIVE) {
            compute(r, step);
        }
    }
    return r->at > before;
}

static void start(int rank, const layout *l, size_t total, int large, int out_is_vectors)
{
    player *r = &players[rank];
    const int size = l->ranks;
    const plan_task task = {l, rank, total, WIDTH, large};
    float own[MOST_SHARDS][WIDTH];
    tree_front front;
    const size_t first = shard_range_first(total, (size_t)rank, (size_t)size);
    const size_t count = shard_range_first(total, (size_t)rank + 1, (size_t)size) - first;
    memcpy(own, leaves + first, count * sizeof *own);
    tree_reduce(&front, first, count, total, add_leaves, own);
    r->at = r->posted = 0;
    r->out_is_vectors = out_is_vectors;
    for (size_t i = 0; i < front.count; i++) {
        memcpy(r->vectors[1 + i], own[front.nodes[i].slot], sizeof r->vectors[0]);
    }
    ck_assert_int_eq(plan_sum(&r->p, &task), LS_OK);
    ck_assert_uint_eq(r->p.own, front.count);
}

static void check(const layout *l, size_t total, int large, int out_is_vectors)
{
    const int size = l->ranks;
    float sum[MOST_SHARDS][WIDTH];
    tree_front whole;
    memcpy(sum, leaves, sizeof sum);
    tree_reduce(&whole, 0, total, total, add_leaves, sum);
    for (int r = 0; r < size; r++) {
        start(r, l, total, large, out_is_vectors);
        for (int to = 0; to < size; to++) {
            boxes[r][to].sent = boxes[r][to].received = 0;
        }
    }
    for (int moved = 1; moved;) {
        moved = 0;
        for (int r = size; r-- > 0;) { /* against the order in which most plans wait for each other */
            moved |= play(r);
        }
    }
    for (int r = 0; r < size; r++) {
        ck_assert_uint_eq(players[r].at, players[r].p.count);
        ck_assert_mem_eq(vector_of(&players[r], 0), sum[0], sizeof sum[0]);
        for (int to = 0; to < size; to++) {
            ck_assert_uint_eq(boxes[r][to].sent, boxes[r][to].received);
        }
    }
}

/* Ranks per node: 0, on one node; 1, one on each; k, up to k on each; -1, unevenly. */
static void make_layout(layout *out, int size, int ranks_per_node)
{
    int node[MOST_RANKS];
    for (int r = 0; r < size; r++) {
        node[r] = ranks_per_node == 0 ? 0 : r / ranks_per_node;
        if (ranks_per_node < 0) {
            node[r] = r == 0 ? 0 : node[r - 1] + (random_bits(14, RANDOM_TEST, (uint64_t)(100 * size + r)) % 3 == 0);
        }
    }
    ck_assert_int_eq(layout_make(out, node, size), LS_OK);
}

static void check_layout(int size, int ranks_per_node)
{
    layout l;
    make_layout(&l, size, ranks_per_node);
    const size_t step = ranks_per_node == 1 ? 3 : 7; /* all would take long; both meet even and odd ones */
    for (size_t total = 1; total <= MOST_SHARDS; total += step) {
        for (int way = 0; way < 4; way++) {
            check(&l, total, way & 1, way >> 1);
        }
    }
    layout_release(&l);
}

START_TEST(all_ranks_get_the_tree_s_sum)
{
    static const int per_node[] = {0, 1, 2, 3, 4, -1};
    for (size_t s = 0; s < MOST_SHARDS; s++) {
        for (size_t i = 0; i < WIDTH; i++) {
            leaves[s][i] = (float)((random_unit(13, s, i) - 0.5) * (double)(1 + s % 5 * 100));
        }
    }
    for (int size = 1; size <= MOST_RANKS; size++) {
        check_layout(size, per_node[_i]);
    }
}
END_TEST

START_TEST(units_are_made_of_consecutive_ones)
{
    static const int node[9] = {5, 5, 5, 2, 7, 7, 7, 7, 1};
    layout l;
    ck_assert_int_eq(layout_make(&l, node, 9), LS_OK);
    ck_assert_int_eq(layout_units(&l, LAYOUT_NODES), 4);
    ck_assert_int_eq(layout_units(&l, LAYOUT_GROUPS), 1);
    ck_assert_int_eq(layout_unit_of(&l, LAYOUT_NODES, 3), 1);
    ck_assert_int_eq(layout_first_rank(&l, LAYOUT_NODES, 2), 4);
    ck_assert_int_eq(layout_first_rank(&l, LAYOUT_NODES, 4), 9);
    ck_assert_int_eq(l.least[LAYOUT_RANKS], 1);
    ck_assert_int_eq(l.even, 0);
    layout_release(&l);

    make_layout(&l, MOST_RANKS, 1);
    ck_assert_int_eq(l.group, 8);
    ck_assert_int_eq(layout_units(&l, LAYOUT_GROUPS), 3);
    ck_assert_int_eq(layout_unit_of(&l, LAYOUT_GROUPS, 16), 2);
    ck_assert_int_eq(layout_first_part(&l, LAYOUT_GROUPS, 3), MOST_RANKS);
    ck_assert_int_eq(l.least[LAYOUT_NODES], 1);
    layout_release(&l);
}
END_TEST

typedef struct cost {
    size_t rounds, sends; /* waits that wait for something, and messages */
    size_t far;           /* elements sent to another node */
} cost;

/* What a sum costs a rank. */
static cost cost_of(const layout *l, int rank, size_t total, int large)
{
    plan p = {0};
    cost c = {0};
    size_t messages = 0;
    const plan_task task = {l, rank, total, WIDTH, large};
    ck_assert_int_eq(plan_sum(&p, &task), LS_OK);
    for (size_t i = 0; i < p.count; i++) {
        const plan_step *s = &p.steps[i];
        const int sends = s->verb == PLAN_SEND;
        c.sends += (size_t)sends;
        c.far +=
            sends && layout_unit_of(l, LAYOUT_NODES, s->peer) != layout_unit_of(l, LAYOUT_NODES, rank) ? s->count : 0;
        messages += sends || s->verb == PLAN_RECEIVE;
        c.rounds += s->verb == PLAN_WAIT && messages > 0;
        messages = s->verb == PLAN_WAIT ? 0 : messages;
    }
    plan_release(&p);
    return c;
}

static cost flat_cost(int ranks, size_t total, int large)
{
    layout l;
    make_layout(&l, ranks, 1);
    const cost c = cost_of(&l, 0, total, large);
    layout_release(&l);
    return c;
}

START_TEST(sums_take_few_rounds)
{
    cost c = flat_cost(1, 4, 0);
    ck_assert(c.rounds == 0 && c.sends == 0);
    c = flat_cost(2, 4, 0);
    ck_assert(c.rounds == 1 && c.sends == 1);
    c = flat_cost(3, 6, 0);
    ck_assert(c.rounds == 1);
    c = flat_cost(16, 16, 0);
    ck_assert(c.rounds == 4 && c.sends == 4);
    c = flat_cost(8, 64, 1);
    ck_assert(c.rounds == 2 && c.sends == 14);
    c = flat_cost(16, 64, 1); /* 4 groups of 4 */
    ck_assert(c.rounds == 4 && c.sends == 12);
}
END_TEST

/* 4 nodes of 4 ranks: nothing crosses the network before the ranks of a node have put together what they have. */
START_TEST(a_node_sends_each_element_once)
{
    layout l;
    size_t far_short = 0;
    size_t far_large = 0;
    make_layout(&l, 16, 4);
    for (int r = 0; r < 16; r++) {
        far_short += cost_of(&l, r, 16, 0).far;
        far_large += cost_of(&l, r, 16, 1).far;
    }
    ck_assert_uint_eq(far_short, (size_t)4 * 3 * WIDTH);         /* each node's sum to each other one */
    ck_assert_uint_eq(far_large, (size_t)4 * 2 * 3 * WIDTH / 4); /* three quarters of it, there and back */
    layout_release(&l);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("plan");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, all_ranks_get_the_tree_s_sum, 0, 6);
    tcase_add_test(cases, units_are_made_of_consecutive_ones);
    tcase_add_test(cases, sums_take_few_rounds);
    tcase_add_test(cases, a_node_sends_each_element_once);
    const int result = suite_run("plan", cases);
    for (int r = 0; r < MOST_RANKS; r++) {
        plan_release(&players[r].p);
    }
    return result;
}
