/*
 * Prints, as JSON, which sums between ranks a schedule of training steps sets off, and how each is planned: the calls
 * of a schedule to comm/ itself, whose sums are written down instead of sent.
 *
 *   scaling_sums SCHEDULE RANKS PER_NODE SHARDS levels|direct
 *
 * SCHEDULE: a file, as simulated/schedule.h says. PER_NODE: ranks of a node; the last may have fewer. SHARDS: of each
 * rank. direct: sums are planned as if all ranks were on one node.
 *
 *   bucket   elements of a bucket of the gradient
 *   starts   in the order of the schedule: line (from 0) at which a sum starts, and its number in `sums`
 *   sums     bytes of a vector, and its rounds (plans/rounds.h): messages that the busiest rank sends and receives,
 *            bytes within a node and between nodes
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "comm/comm_private.h"
#include "plans/rounds.h"
#include "simulated/schedule.h"

enum { MOST_STARTS = MOST_ACTIONS };

/* A sum, without its values. */
typedef struct sum_size {
    size_t n, width;
    size_t shards; /* of all ranks */
} sum_size;

/* What the calls of comm/ have set off. There are few different sizes, and each is planned once. */
static struct {
    size_t line; /* of the schedule, now */
    size_t lines[MOST_STARTS], numbers[MOST_STARTS];
    sum_size sizes[MOST_STARTS];
    size_t starts, count;
} written;

static int same(const sum_size *a, const sum_size *b)
{
    return a->n == b->n && a->width == b->width && a->shards == b->shards;
}

static void nothing_to_add(void *restrict into, const void *restrict from, size_t n)
{
    (void)into;
    (void)from;
    (void)n;
}

/* In the place of comm/flight.c: sums have sizes and no values, and are there at once. */
const element element_f64 = {sizeof(double), MPI_DATATYPE_NULL, nothing_to_add};
const element element_real = {sizeof(real), MPI_DATATYPE_NULL, nothing_to_add};

int flight_start(flight *f, comm *c, const flight_sum *sum)
{
    const sum_size size = {sum->n, sum->e->width, sum->total};
    size_t i = 0;
    (void)c;
    f->active = 0;
    while (i < written.count && !same(&written.sizes[i], &size)) {
        i++;
    }
    if (written.starts == MOST_STARTS) {
        return error_set(LS_EUSAGE, "more than %d sums in a schedule", MOST_STARTS);
    }
    if (i == written.count) {
        written.sizes[written.count++] = size;
    }
    written.lines[written.starts] = written.line;
    written.numbers[written.starts++] = i;
    return LS_OK;
}

int flight_poll(flight *f)
{
    (void)f;
    return LS_OK;
}

int flight_wait(flight *f)
{
    (void)f;
    return LS_OK;
}

void flight_release(flight *f)
{
    (void)f;
}

static int play(const schedule *s, comm *c, size_t shards)
{
    player p = {0};
    int code = player_open(&p, c, s, shards);
    for (size_t i = 0; code == LS_OK && i < s->count; i++) {
        written.line = i;
        code = player_act(&p, &s->actions[i]);
    }
    player_close(&p);
    return code;
}

static void print_sum(json *j, const sum_size *size, const sum_rounds *rounds)
{
    const double width = (double)size->width;
    json_open(j, NULL, '{');
    json_number(j, "bytes", (double)size->n * width);
    json_open(j, "rounds", '[');
    for (size_t i = 0; i < rounds->count; i++) {
        const sum_round *const r = &rounds->rounds[i];
        json_open(j, NULL, '{');
        json_number(j, "sends", (double)r->sends);
        json_number(j, "receives", (double)r->receives);
        json_number(j, "inner_bytes", (double)r->inner * width);
        json_number(j, "outer_bytes", (double)r->outer * width);
        json_close(j, '}');
    }
    json_close(j, ']');
    json_close(j, '}');
}

static int print(const layout *planned, const layout *ranks)
{
    json j = {.to = stdout};
    int code = LS_OK;
    json_open(&j, NULL, '{');
    json_number(&j, "bucket", COMM_STREAM_BUCKET);
    json_open(&j, "starts", '[');
    for (size_t i = 0; i < written.starts; i++) {
        json_open(&j, NULL, '[');
        json_number(&j, NULL, (double)written.lines[i]);
        json_number(&j, NULL, (double)written.numbers[i]);
        json_close(&j, ']');
    }
    json_close(&j, ']');
    json_open(&j, "sums", '[');
    for (size_t i = 0; code == LS_OK && i < written.count; i++) {
        const sum_size *const size = &written.sizes[i];
        const rounds_task task = {planned, ranks, size->shards, size->n, size->width};
        sum_rounds rounds;
        code = rounds_of(&rounds, &task);
        print_sum(&j, size, &rounds);
        rounds_release(&rounds);
    }
    json_close(&j, ']');
    json_close(&j, '}');
    return code;
}

static int make_layout(layout *out, int ranks, int per_node)
{
    int *const node = malloc((size_t)ranks * sizeof *node);
    if (node == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the layout of %d ranks", ranks);
    }
    for (int r = 0; r < ranks; r++) {
        node[r] = r / per_node;
    }
    const int code = layout_make(out, node, ranks);
    free(node);
    return code;
}

static int run(const char *path, int ranks, int per_node, size_t shards, int direct)
{
    static schedule s;
    layout one_node = {0};
    comm c = {.size = ranks};
    int code = schedule_read(&s, path);
    if (code == LS_OK) {
        code = make_layout(&c.ranks, ranks, per_node);
    }
    if (code == LS_OK) {
        code = make_layout(&one_node, ranks, ranks);
    }
    if (code == LS_OK) {
        code = play(&s, &c, shards);
    }
    if (code == LS_OK) {
        code = print(direct ? &one_node : &c.ranks, &c.ranks);
    }
    layout_release(&one_node);
    layout_release(&c.ranks);
    return code;
}

int main(int argc, char **argv)
{
    long numbers[3] = {0}; /* ranks, of a node, shards of a rank */
    int usable = argc == 6 && (strcmp(argv[5], "levels") == 0 || strcmp(argv[5], "direct") == 0);
    for (int i = 0; usable && i < 3; i++) {
        char *end = NULL;
        numbers[i] = strtol(argv[2 + i], &end, 10);
        usable = end != argv[2 + i] && *end == '\0' && numbers[i] >= 1 && numbers[i] <= 1 << 20;
    }
    if (!usable) {
        (void)fprintf(stderr, "usage: scaling_sums SCHEDULE RANKS PER_NODE SHARDS levels|direct\n");
        return 2;
    }
    const int direct = strcmp(argv[5], "direct") == 0;
    const int code = run(argv[1], (int)numbers[0], (int)numbers[1], (size_t)numbers[2], direct);
    if (code != LS_OK) {
        (void)fprintf(stderr, "scaling_sums: %s\n", error_message());
    }
    return error_exit_code(code);
}
