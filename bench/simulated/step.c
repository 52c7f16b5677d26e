/*
 * The communication of training steps without the training: the calls of train/step.c to comm/, in its order, with
 * waiting in place of computing. Built with SimGrid's smpicc it runs in simulated time on a simulated cluster; built
 * with MPI's own compiler it runs in real time.
 *
 *   step SCHEDULE STEPS SHARDS [SPREAD]
 *
 * SCHEDULE: a file, as schedule.h says. SHARDS: of each rank. SPREAD: standard deviation of a rank's time for a layer,
 * as a part of it (0).
 *
 * Rank 0 prints a line for each step: seconds from its start to the last rank's end, and the most that any rank spent
 * computing, in sums, in agreeing, on the way (ready), and for the rest of the gradient (finish).
 */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "simulated/schedule.h"
#include "simulated/simulated.h"

enum { RANDOM_SPREAD = 77 };

/* Of one rank. */
typedef struct runner {
    comm *c;
    const schedule *s;
    player p;
    double spread;
    double seconds[VERBS];
    uint64_t drawn;
} runner;

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
    if (a->what == COMPUTE) {
        simulated_compute(drawn_seconds(r, a->number));
    }
    return player_act(&r->p, a);
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
    if (code == LS_OK) {
        code = step(r);
    }
    if (code == LS_OK) {
        code = comm_barrier(r->c);
    }
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

static int run(runner *r, int steps, size_t shards)
{
    int code = comm_agree(r->c, player_open(&r->p, r->c, r->s, shards));
    for (int i = 0; code == LS_OK && i < steps; i++) {
        code = timed_step(r);
    }
    player_close(&r->p);
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
    runner r = {.s = &s, .spread = argc > 4 ? strtod(argv[4], NULL) : 0};
    int code = comm_start(&c, &argc, &argv);
    if (code == LS_OK) {
        r.c = c;
        code = comm_agree(c, s.count > 0 ? LS_OK : schedule_read(&s, argv[1]));
    }
    if (code == LS_OK) {
        code = run(&r, (int)strtol(argv[2], NULL, 10), strtoul(argv[3], NULL, 10));
    }
    if (code != LS_OK) {
        (void)fprintf(stderr, "step: %s\n", error_message());
        comm_abort(c, error_exit_code(code));
    }
    comm_finish(c);
    return 0;
}
