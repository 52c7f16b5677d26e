#include "measure/bench.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/machine.h"
#include "base/sort.h"
#include "base/watch.h"
#include "measure/bench_rig.h"
#include "train/memory_check.h"
#include "train/placement.h"
#include "train/session.h"

/* What this rank measured, before the ranks put theirs together. */
typedef struct record {
    size_t steps;
    double *seconds;     /* [steps], owned */
    double *pairs;       /* [2][steps], owned: ordinary and small ones in turns; NULL without */
    double outputs[2];   /* after them: numbers between layers, subnormal ones */
    profile_row *layers; /* [steps][layer_count], owned */
    watch_times times;   /* of all timed steps */
    peaks peak;
} record;

static int run_step(bench_rig *rig, bench_state *s, comm *c)
{
    step_metrics metrics;
    step_agreement all = {.code = LS_OK}; /* no rank has anything to report */
    return comm_or_abort(c, step_train(rig->replica.steps, &s->samples, s->state, &all, &metrics));
}

static int warm_up(bench_rig *rig, bench_state *s, comm *c, const bench_options *o)
{
    int code = LS_OK;
    for (size_t i = 0; code == LS_OK && i < o->warm_up; i++) {
        code = run_step(rig, s, c);
    }
    return code != LS_OK ? code : comm_barrier(c);
}

static int run_steps(record *r, bench_rig *rig, comm *c, const bench_options *o, size_t layers)
{
    int code = warm_up(rig, &rig->ordinary, c, o);
    watch_measure(&r->times);
    double begin = clock_seconds();
    for (size_t i = 0; code == LS_OK && i < o->steps; i++) {
        model_profile profile = {.rows = r->layers + i * layers};
        model_set_profile(rig->replica.net, &profile);
        code = run_step(rig, &rig->ordinary, c);
        const double end = clock_seconds();
        r->seconds[i] = end - begin;
        begin = end;
    }
    model_set_profile(rig->replica.net, NULL);
    watch_measure(NULL);
    return code;
}

/* Small steps and ordinary ones in turns: a machine that others use too may be another a minute later. */
static int run_pairs(record *r, bench_rig *rig, comm *c, const bench_options *o)
{
    size_t all = 0;
    int code = comm_agree(c, bench_rig_shrink(rig, o));
    if (code == LS_OK) {
        code = warm_up(rig, &rig->small, c, o);
    }
    double begin = clock_seconds();
    for (size_t i = 0; code == LS_OK && i < 2 * o->steps; i++) {
        code = run_step(rig, i % 2 == 0 ? &rig->ordinary : &rig->small, c);
        const double end = clock_seconds();
        r->pairs[i % 2 * o->steps + i / 2] = end - begin;
        begin = end;
    }
    const size_t subnormal = model_subnormals(rig->replica.net, &all);
    r->outputs[0] = (double)all;
    r->outputs[1] = (double)subnormal;
    return code;
}

/* own: [n] values of this rank. all: [ranks][n]. Collective. */
static int gather(comm *c, double *all, const double *own, size_t n)
{
    const size_t ranks = (size_t)comm_size(c);
    memset(all, 0, ranks * n * sizeof *all);
    memcpy(all + (size_t)comm_rank(c) * n, own, n * sizeof *own);
    return comm_sum_ranks(c, all, ranks * n);
}

static void median_layers(bench_result *out, const record *r, double *space)
{
    for (size_t row = 0; row < out->layer_count; row++) {
        for (size_t phase = 0; phase < PROFILE_PHASES; phase++) {
            for (size_t i = 0; i < r->steps; i++) {
                space[i] = r->layers[i * out->layer_count + row][phase];
            }
            out->layer_seconds[row][phase] = sort_median(space, r->steps);
        }
    }
}

/* all: [ranks][steps]. out: [steps], of the slowest rank. Returns the mean. */
static double steps_of_ranks(double *out, const double *all, size_t steps, size_t ranks)
{
    double mean = 0;
    for (size_t i = 0; i < steps; i++) {
        out[i] = 0;
        for (size_t r = 0; r < ranks; r++) {
            const double seconds = all[r * steps + i];
            out[i] = seconds > out[i] ? seconds : out[i];
            mean += seconds / (double)(steps * ranks);
        }
    }
    return mean;
}

/* What was measured on small values. space: [ranks * steps]. Collective. */
static int put_pairs_together(bench_result *out, comm *c, const record *r, double *space)
{
    double outputs[2] = {r->outputs[0], r->outputs[1]};
    int code = comm_sum_ranks(c, outputs, 2);
    for (int k = 0; code == LS_OK && k < 2; k++) {
        code = gather(c, space, r->pairs + (size_t)k * r->steps, r->steps);
        (void)steps_of_ranks(k == 0 ? out->beside_seconds : out->small_seconds, space, r->steps, out->ranks);
    }
    out->outputs = outputs[0];
    out->subnormal = outputs[1];
    return code;
}

/* Means over ranks of what each rank measured. Collective. */
static int mean_over_ranks(bench_result *out, comm *c, const record *r)
{
    const double ranks = (double)out->ranks;
    const double *seconds = r->times.seconds;
    const double phases[BENCH_PHASES] = {
        [BENCH_FORWARD] = seconds[WATCH_FORWARD],    [BENCH_LOSS] = seconds[WATCH_LOSS],
        [BENCH_BACKWARD] = seconds[WATCH_BACKWARD],  [BENCH_WAITING] = r->times.waiting,
        [BENCH_REDUCTION] = seconds[WATCH_REDUCING], [BENCH_UPDATE] = seconds[WATCH_UPDATE],
    };
    double few[BENCH_PHASES + 2] = {0};
    for (size_t i = 0; i < BENCH_PHASES; i++) {
        few[i] = phases[i] / (double)r->steps;
    }
    few[BENCH_PHASES] = r->peak.flops;
    few[BENCH_PHASES + 1] = r->peak.bytes;
    const size_t cells = out->layer_count * PROFILE_PHASES;
    int code = comm_sum_ranks(c, few, BENCH_PHASES + 2);
    if (code == LS_OK) {
        code = comm_sum_ranks(c, &out->layer_seconds[0][0], cells);
    }
    for (size_t i = 0; i < BENCH_PHASES; i++) {
        out->phases[i] = few[i] / ranks;
    }
    for (size_t i = 0; i < cells; i++) {
        out->layer_seconds[i / PROFILE_PHASES][i % PROFILE_PHASES] /= ranks;
    }
    out->peak = (peaks){few[BENCH_PHASES] / ranks, few[BENCH_PHASES + 1] / ranks};
    return code;
}

/* Put together what the ranks measured. space: [ranks * (steps + 1)]. Collective. */
static int put_together(bench_result *out, comm *c, const record *r, const double memory[2], double *space)
{
    median_layers(out, r, space);
    int code = gather(c, space, r->seconds, r->steps);
    if (code == LS_OK) {
        out->step_mean = steps_of_ranks(out->step_seconds, space, r->steps, out->ranks);
        code = gather(c, space, &memory[0], 1);
    }
    for (size_t i = 0; code == LS_OK && i < out->ranks; i++) {
        out->plan_bytes = space[i] > out->plan_bytes ? space[i] : out->plan_bytes;
    }
    if (code == LS_OK) {
        code = gather(c, out->peak_resident, &memory[1], 1);
    }
    if (code == LS_OK && r->pairs != NULL) {
        code = put_pairs_together(out, c, r, space);
    }
    return code != LS_OK ? code : mean_over_ranks(out, c, r);
}

int bench_layers(bench_result *out, const bench_options *o)
{
    const model_options m = bench_network(o, 1);
    const int code = model_costs(&out->layers, &out->layer_count, &m);
    if (code != LS_OK) {
        return code;
    }
    out->layer_seconds = calloc(out->layer_count, sizeof *out->layer_seconds);
    return out->layer_seconds != NULL ? LS_OK : error_set(LS_ENOMEM, "out of memory for the times of layers");
}

static int allocate(bench_result *out, record *r, double **space, bool small)
{
    r->seconds = calloc(r->steps, sizeof *r->seconds);
    r->layers = calloc(r->steps * out->layer_count, sizeof *r->layers);
    *space = calloc(out->ranks * (r->steps + 1), sizeof **space);
    out->step_seconds = calloc(r->steps, sizeof *out->step_seconds);
    out->peak_resident = calloc(out->ranks, sizeof *out->peak_resident);
    bool all = r->seconds != NULL && r->layers != NULL && *space != NULL && out->step_seconds != NULL &&
               out->peak_resident != NULL;
    if (small) {
        r->pairs = calloc(2 * r->steps, sizeof *r->pairs);
        out->small_seconds = calloc(r->steps, sizeof *out->small_seconds);
        out->beside_seconds = calloc(r->steps, sizeof *out->beside_seconds);
        all = all && r->pairs != NULL && out->small_seconds != NULL && out->beside_seconds != NULL;
    }
    return all ? LS_OK : error_set(LS_ENOMEM, "out of memory for the times of %zu steps; use fewer --steps", r->steps);
}

int bench_run(bench_result *out, comm *c, const bench_options *o)
{
    bench_rig rig = {0};
    record r = {.steps = o->steps};
    double *space = NULL;
    cpus_share share = CPUS_UNKNOWN;
    *out = (bench_result){.ranks = (size_t)comm_size(c)};
    const memory_need need = {.planned = bench_rig_plan(o, out->ranks)};
    int code = memory_check(c, &need, "use fewer ranks on a machine, a smaller --batch, or --precision mixed");
    if (code != LS_OK) {
        return code;
    }
    code = bench_rig_open(&rig, c, o);
    if (code == LS_OK) {
        code = bench_layers(out, o);
    }
    if (code == LS_OK) {
        code = allocate(out, &r, &space, o->small);
    }
    code = comm_agree(c, code);
    if (code == LS_OK) {
        code = placement_settle(c, rig.replica.threads, &share);
    }
    if (code != LS_OK || space == NULL) { /* the latter is in the former, which clang-tidy cannot see */
        goto cleanup;
    }
    out->samples = rig.ordinary.samples.range.all_samples;
    out->shards = rig.ordinary.samples.range.total;
    code = run_steps(&r, &rig, c, o, out->layer_count);
    /* Before the peaks are measured, which takes memory of its own. */
    const double memory[2] = {(double)bench_rig_memory(&rig, o), machine_peak_resident()};
    if (code == LS_OK && o->small) {
        code = run_pairs(&r, &rig, c, o);
    }
    if (code == LS_OK) {
        code = peaks_measure(&r.peak, c, rig.replica.threads);
    }
    if (code == LS_OK) {
        code = put_together(out, c, &r, memory, space);
    }
cleanup:
    free(space);
    free(r.layers);
    free(r.pairs);
    free(r.seconds);
    bench_rig_close(&rig);
    return code;
}

void bench_release(bench_result *r)
{
    free(r->layers);
    free(r->layer_seconds);
    free(r->step_seconds);
    free(r->small_seconds);
    free(r->beside_seconds);
    free(r->peak_resident);
    *r = (bench_result){0};
}
