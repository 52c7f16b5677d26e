/*
 * Prints, as JSON, what a training step does, in order: one step of train/step.c on a small batch, whose calls to comm/
 * are written down instead of done, and between them what it computed, by its own clocks.
 *
 * Actions are those of simulated/schedule.h, with `number` where they have one; `compute` says what in place of
 * seconds: a `phase` (pack, forward, loss, backward, collect, update) and, where it is one's, the `layer`, named as by
 * `lockstep bench`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/watch.h"
#include "comm/stream.h"
#include "measure/bench_rig.h"

struct comm {
    char nothing;
};

struct comm_stream {
    real *vectors; /* not owned */
};

/* What has been printed of a step, and where its clocks are. */
static struct {
    json out;
    model_cost *layers; /* owned; [count] */
    profile_row *rows;  /* owned; [count]; zeros again once printed */
    size_t count;
    watch_times times;
} written;

static void print_compute(const char *phase, const char *layer)
{
    json *const j = &written.out;
    json_open(j, NULL, '{');
    json_text(j, "do", "compute");
    json_text(j, "phase", phase);
    if (layer != NULL) {
        json_text(j, "layer", layer);
    }
    json_close(j, '}');
}

/* What of this row has run since the last call to comm/. */
static void print_row(size_t row, profile_phase phase, const char *name)
{
    double *const seconds = &written.rows[row][phase];
    if (*seconds > 0) {
        print_compute(name, phase == PROFILE_PACK ? NULL : written.layers[row].name);
    }
    *seconds = 0;
}

static void print_phase(watch_phase phase, const char *name)
{
    if (written.times.seconds[phase] > 0) {
        print_compute(name, NULL);
    }
    written.times.seconds[phase] = 0;
}

static void print_computing(void)
{
    print_row(0, PROFILE_PACK, "pack");
    for (size_t row = 0; row < written.count; row++) {
        print_row(row, PROFILE_FORWARD, "forward");
    }
    print_phase(WATCH_LOSS, "loss");
    for (size_t row = written.count; row-- > 0;) {
        print_row(row, PROFILE_BACKWARD, "backward");
        print_row(row, PROFILE_COLLECT, "collect");
    }
    print_phase(WATCH_UPDATE, "update");
}

static int print_call(const char *what, const size_t *number)
{
    json *const j = &written.out;
    print_computing();
    json_open(j, NULL, '{');
    json_text(j, "do", what);
    if (number != NULL) {
        json_number(j, "number", (double)*number);
    }
    json_close(j, '}');
    return LS_OK;
}

/* In the place of comm/: one rank, which has one shard, so that a sum is what it brings. */
int comm_rank(const comm *c)
{
    (void)c;
    return 0;
}

int comm_size(const comm *c)
{
    (void)c;
    return 1;
}

int comm_agree(comm *c, int code)
{
    (void)c;
    return code;
}

int comm_agree_begin(comm *c, int code, unsigned requests)
{
    (void)c;
    (void)requests;
    return code != LS_OK ? code : print_call("agree", NULL);
}

int comm_agree_end(comm *c, unsigned *requests)
{
    (void)c;
    *requests = 0;
    return print_call("agreed", NULL);
}

static int sum(void *context, double *out, double *partials, size_t n)
{
    (void)context;
    memmove(out, partials, n * sizeof *out);
    return print_call("sum", &n);
}

reducer comm_reducer(comm_reducer_context *context)
{
    return (reducer){sum, context, context->range.all_samples};
}

int comm_sum_ranks(comm *c, double *values, size_t n)
{
    (void)c;
    return sum(NULL, values, values, n);
}

int comm_max_f64(comm *c, double *values, size_t n)
{
    (void)c;
    return sum(NULL, values, values, n);
}

int comm_stream_create(comm_stream **out, comm *c, size_t n, size_t bucket)
{
    (void)c;
    (void)bucket;
    *out = calloc(1, sizeof **out);
    return *out != NULL ? print_call("weights", &n) : error_set(LS_ENOMEM, "out of memory for a stream");
}

/* Nothing is frozen in a plan. */
int comm_stream_leave_out(comm_stream *s, const extent *spans, size_t count)
{
    (void)s;
    (void)spans;
    return count == 0 ? LS_OK : error_set(LS_ERROR, "a plan has no frozen layers");
}

void comm_stream_free(comm_stream *s)
{
    free(s);
}

void comm_stream_begin(comm_stream *s, real *vectors, const shard_range *range)
{
    (void)range;
    s->vectors = vectors;
    (void)print_call("gradient", NULL);
}

int comm_stream_attach(comm_stream *s, double *out, double *partials, size_t n)
{
    (void)s;
    memcpy(out, partials, n * sizeof *out);
    return LS_OK;
}

static int ready(void *context, size_t first)
{
    (void)context;
    return print_call("ready", &first);
}

gradient_sink comm_stream_sink(comm_stream *s)
{
    return (gradient_sink){ready, s};
}

int comm_stream_finish(comm_stream *s)
{
    (void)s;
    return print_call("finish", NULL);
}

static int name_layers(const bench_options *o)
{
    const model_options m = bench_network(o, 1);
    const int code = model_costs(&written.layers, &written.count, &m);
    if (code != LS_OK) {
        return code;
    }
    written.rows = calloc(written.count, sizeof *written.rows);
    return written.rows != NULL ? LS_OK : error_set(LS_ENOMEM, "out of memory for times of layers");
}

static int run_step(bench_rig *rig)
{
    model_profile profile = {.rows = written.rows};
    step_agreement all = {.code = LS_OK};
    step_metrics metrics;
    watch_this_thread();
    model_set_profile(rig->replica.net, &profile);
    watch_measure(&written.times);
    int code = step_train(rig->replica.steps, &rig->ordinary.samples, rig->ordinary.state, &all, &metrics);
    watch_measure(NULL);
    if (code == LS_OK) {
        code = all.code;
    }
    print_computing();
    return code;
}

int main(void)
{
    const bench_options o = {.side = 32,
                             .batch = 4,
                             .classes = 10,
                             .shard_size = 4,
                             .network = {.batch_norm = true},
                             .optimizer = {.learning_rate = 0.1, .l2 = 0.001},
                             .threads = 1};
    comm c = {0};
    bench_rig rig = {0};
    written.out = (json){.to = stdout};
    json_open(&written.out, NULL, '[');
    int code = name_layers(&o);
    if (code == LS_OK) {
        code = bench_rig_open(&rig, &c, &o);
    }
    if (code == LS_OK) {
        code = run_step(&rig);
    }
    json_close(&written.out, ']');
    bench_rig_close(&rig);
    free(written.rows);
    free(written.layers);
    if (code != LS_OK) {
        (void)fprintf(stderr, "scaling_order: %s\n", error_message());
    }
    return error_exit_code(code);
}
