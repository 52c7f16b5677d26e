/*
 * The communication of training steps without the training: the calls of train/step.c to comm/, in its order, with
 * waiting in place of computing. Built with SimGrid's smpicc it runs in simulated time on a simulated cluster; built
 * with MPI's own compiler it runs in real time.
 *
 *   step SCHEDULE STEPS SHARDS [SPREAD]
 *
 * SHARDS: of each rank. SPREAD: standard deviation of a rank's time for a layer, as a part of it (0). SCHEDULE has a
 * line for each thing that a step does:
 *
 *   weights N       elements of the gradient, once, first
 *   compute S       seconds
 *   agree           the ranks' agreement begins
 *   agreed          and ends
 *   sum N           N float64 for each shard, over all shards: a BatchNorm
 *   gradient        backward begins; the loss rides along
 *   ready FIRST     elements from FIRST on are final
 *   finish          the gradient's sum arrives
 *
 * Rank 0 prints a line for each step: seconds from its start to the last rank's end, and the most that any rank spent
 * computing, in sums, in agreeing, on the way (ready), and for the rest of the gradient (finish).
 */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "comm/comm.h"
#include "comm/stream.h"
#include "simulated/simulated.h"

enum { MOST_ACTIONS = 1024, MOST_SUMS = 1 << 16, RANDOM_SPREAD = 77 };

typedef enum verb { COMPUTE, AGREE, AGREED, SUM, GRADIENT, READY, FINISH, WEIGHTS, VERBS } verb;
static const char *const verbs[VERBS] = {"compute", "agree", "agreed", "sum", "gradient", "ready", "finish", "weights"};
static const int has_number[VERBS] = {1, 0, 0, 1, 0, 1, 0, 1};

typedef struct action {
    verb what;
    double number;
} action;

typedef struct schedule {
    action actions[MOST_ACTIONS];
    size_t count, weights;
} schedule;

/* Of one rank. */
typedef struct runner {
    comm *c;
    const schedule *s;
    size_t shards; /* of a rank */
    double spread;
    comm_stream *stream;
    comm_reducer_context context;
    real *grads;      /* [front nodes][weights] */
    double *partials; /* [shards][MOST_SUMS] */
    double loss[3];
    double seconds[VERBS];
    uint64_t drawn;
} runner;

static int read_action(action *out, const char *line)
{
    const size_t length = strcspn(line, " \n");
    for (int v = 0; v < VERBS; v++) {
        if (strlen(verbs[v]) == length && strncmp(line, verbs[v], length) == 0) {
            char *end = NULL;
            out->what = (verb)v;
            out->number = strtod(line + length, &end);
            return (end != line + length) == has_number[v] && *end == '\n' && out->number >= 0 ? LS_OK : LS_EUSAGE;
        }
    }
    return LS_EUSAGE;
}

static int read_schedule(schedule *s, const char *path)
{
    char line[256];
    int code = LS_OK;
    size_t number = 0;
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return error_set(LS_EUSAGE, "%s cannot be read", path);
    }
    s->count = s->weights = 0;
    while (code == LS_OK && fgets(line, sizeof line, file) != NULL) {
        action a;
        number++;
        if (s->count == MOST_ACTIONS || read_action(&a, line) != LS_OK || (a.what == SUM && a.number > MOST_SUMS)) {
            code = error_set(LS_EUSAGE, "%s, line %zu: nothing that a step does: %s", path, number, line);
        } else if (a.what == WEIGHTS) {
            s->weights = (size_t)a.number;
        } else {
            s->actions[s->count++] = a;
        }
    }
    (void)fclose(file);
    return code;
}

/* Seconds for this layer on this rank in this step: around the measured ones. */
static double drawn_seconds(runner *r, double seconds)
{
    if (r->spread == 0) {
        return seconds;
    }
    double sum = -6; /* of 12 evenly distributed numbers: as good as normally distributed here, and never below -6 */
    for (int i = 0; i < 12; i++) {
        sum += random_unit((uint64_t)comm_rank(r->c), RANDOM_SPREAD, r->drawn++);
    }
    return seconds * fmax(0, 1 + r->spread * sum);
}

static int act(runner *r, const action *a)
{
    const reducer sums = comm_reducer(&r->context);
    unsigned wishes = 0;
    switch (a->what) {
    case COMPUTE: simulated_compute(drawn_seconds(r, a->number)); return LS_OK;
    case AGREE: return comm_agree_begin(r->c, LS_OK, 0);
    case AGREED: return comm_agree_end(r->c, &wishes);
    case SUM: return sums.sum(sums.context, r->partials, r->partials, (size_t)a->number);
    case GRADIENT:
        comm_stream_begin(r->stream, r->grads, &r->context.range);
        return comm_stream_attach(r->stream, r->loss, r->partials, 3);
    case READY: return comm_stream_ready(r->stream, (size_t)a->number);
    case FINISH: return comm_stream_finish(r->stream);
    default: return LS_OK;
    }
}

static int step(runner *r)
{
    int code = LS_OK;
    double mark = clock_seconds();
    for (size_t i = 0; code == LS_OK && i < r->s->count; i++) {
        code = act(r, &r->s->actions[i]);
        const double now = clock_seconds();
        r->seconds[r->s->actions[i].what] += now - mark;
        mark = now;
    }
    return code;
}

/* The most seconds of any rank, to a tenth of a microsecond. (Not along the tree: a simulation's sums mean nothing.) */
static int most(runner *r, double *seconds)
{
    const double tick = 1e-7;
    int ticks = (int)fmin(INT_MAX, *seconds / tick);
    const int code = comm_max(r->c, ticks, &ticks);
    *seconds = ticks * tick;
    return code;
}

/* One step between two moments at which all ranks stand together. */
static int timed_step(runner *r)
{
    double *const s = r->seconds;
    memset(s, 0, sizeof r->seconds);
    int code = comm_barrier(r->c);
    const double begin = clock_seconds();
    code = code != LS_OK ? code : step(r);
    code = code != LS_OK ? code : comm_barrier(r->c);
    const double seconds = clock_seconds() - begin;
    s[AGREED] += s[AGREE];
    s[READY] += s[GRADIENT];
    for (int v = 0; code == LS_OK && v < VERBS; v++) {
        code = most(r, &s[v]);
    }
    if (code == LS_OK && comm_rank(r->c) == 0) {
        printf("step %.9f compute %.7f sums %.7f agreement %.7f ready %.7f finish %.7f\n", seconds, s[COMPUTE], s[SUM],
               s[AGREED], s[READY], s[FINISH]);
        (void)fflush(stdout);
    }
    return code;
}

static int run(runner *r, int steps)
{
    tree_front front;
    r->context = (comm_reducer_context){.c = r->c,
                                        .range = shard_range_of(r->shards * (size_t)comm_size(r->c), 1,
                                                                (size_t)comm_rank(r->c), (size_t)comm_size(r->c)),
                                        .synchronized = 1};
    tree_front_of(&front, r->context.range.first, r->shards, r->context.range.total);
    r->grads = simulated_shared(front.count * r->s->weights * sizeof *r->grads, 0);
    r->partials = simulated_shared(r->shards * MOST_SUMS * sizeof *r->partials, 1);
    int code = r->grads == NULL || r->partials == NULL ? error_set(LS_ENOMEM, "out of memory for gradients") : LS_OK;
    code = code != LS_OK ? code : comm_stream_create(&r->stream, r->c, r->s->weights, COMM_STREAM_BUCKET);
    code = comm_agree(r->c, code);
    for (int i = 0; code == LS_OK && i < steps; i++) {
        code = timed_step(r);
    }
    comm_stream_free(r->stream);
    return code;
}

int main(int argc, char **argv)
{
    comm *c = NULL;
    static schedule s; /* one for all simulated ranks, which read the same file */
    if (argc < 4) {
        (void)fprintf(stderr, "usage: step SCHEDULE STEPS SHARDS [SPREAD]\n");
        return 2;
    }
    runner r = {.s = &s, .shards = strtoul(argv[3], NULL, 10), .spread = argc > 4 ? strtod(argv[4], NULL) : 0};
    int code = comm_start(&c, &argc, &argv);
    if (code == LS_OK) {
        r.c = c;
        code = comm_agree(c, s.count > 0 ? LS_OK : read_schedule(&s, argv[1]));
    }
    code = code != LS_OK ? code : run(&r, (int)strtol(argv[2], NULL, 10));
    if (code != LS_OK) {
        (void)fprintf(stderr, "step: %s\n", error_message());
        comm_abort(c, error_exit_code(code));
    }
    comm_finish(c);
    return 0;
}
