#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

#include "base/error.h"
#include "base/random.h"
#include "comm/comm.h"
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
    if (number > r->p.own) {
        ck_assert_uint_ge(step->first, r->p.window_first);
        ck_assert_uint_le(step->first + step->count, r->p.window_first + r->p.window_count);
        ck_assert_uint_le(number, r->p.own + r->p.scratch);
    }
    ck_assert_uint_le(step->first + step->count, WIDTH);
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

static void start(int rank, int size, size_t total, int large, int out_is_vectors)
{
    player *r = &players[rank];
    const plan_task task = {rank, size, total, WIDTH, large};
    float own[MOST_SHARDS][WIDTH];
    tree_front front;
    const size_t first = comm_first_shard(total, rank, size);
    const size_t count = comm_first_shard(total, rank + 1, size) - first;
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

static void check(int size, size_t total, int large, int out_is_vectors)
{
    float sum[MOST_SHARDS][WIDTH];
    tree_front whole;
    memcpy(sum, leaves, sizeof sum);
    tree_reduce(&whole, 0, total, total, add_leaves, sum);
    for (int r = 0; r < size; r++) {
        start(r, size, total, large, out_is_vectors);
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

START_TEST(all_ranks_get_the_tree_s_sum)
{
    for (size_t s = 0; s < MOST_SHARDS; s++) {
        for (size_t i = 0; i < WIDTH; i++) {
            leaves[s][i] = (float)((random_unit(13, s, i) - 0.5) * (double)(1 + s % 5 * 100));
        }
    }
    for (int size = 1; size <= MOST_RANKS; size++) {
        for (size_t total = 1; total <= MOST_SHARDS; total++) {
            for (int way = 0; way < 4; way++) {
                check(size, total, way & 1, way >> 1);
            }
        }
    }
}
END_TEST

/* What the rounds cost: waits, and messages of rank 0. */
static void count_steps(const plan_task *task, size_t *rounds, size_t *sends)
{
    plan p = {0};
    ck_assert_int_eq(plan_sum(&p, task), LS_OK);
    *rounds = *sends = 0;
    size_t messages = 0;
    for (size_t i = 0; i < p.count; i++) {
        *sends += p.steps[i].verb == PLAN_SEND;
        messages += p.steps[i].verb == PLAN_SEND || p.steps[i].verb == PLAN_RECEIVE;
        *rounds += p.steps[i].verb == PLAN_WAIT && messages > 0;
        messages = p.steps[i].verb == PLAN_WAIT ? 0 : messages;
    }
    plan_release(&p);
}

START_TEST(short_vectors_take_few_rounds)
{
    size_t rounds = 0;
    size_t sends = 0;
    count_steps(&(plan_task){0, 1, 4, WIDTH, 0}, &rounds, &sends);
    ck_assert(rounds == 0 && sends == 0);
    count_steps(&(plan_task){0, 2, 4, WIDTH, 0}, &rounds, &sends);
    ck_assert(rounds == 1 && sends == 1);
    count_steps(&(plan_task){0, 3, 6, WIDTH, 0}, &rounds, &sends);
    ck_assert(rounds == 1);
    count_steps(&(plan_task){0, 16, 16, WIDTH, 0}, &rounds, &sends);
    ck_assert(rounds == 4 && sends == 4);
    count_steps(&(plan_task){0, 16, 64, WIDTH, 1}, &rounds, &sends);
    ck_assert(rounds == 2 && sends == 30);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("plan");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, all_ranks_get_the_tree_s_sum);
    tcase_add_test(cases, short_vectors_take_few_rounds);
    const int result = suite_run("plan", cases);
    for (int r = 0; r < MOST_RANKS; r++) {
        plan_release(&players[r].p);
    }
    return result;
}
