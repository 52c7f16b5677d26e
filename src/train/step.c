#include "train/step.h"

#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/trace.h"
#include "base/watch.h"
#include "comm/stream.h"
#include "optim/gradient.h"
#include "optim/growth.h"

struct stepper {
    model *m; /* not owned */
    comm *c;  /* not owned */
    step_options options;
    instrument *observer;   /* not owned; NULL: none */
    const norm_hold *norms; /* not owned; NULL: none are held */
    double *statistics;     /* of a batch, for the observer; [moving_size], in the arena as grads */
    arena memory;           /* owned; what follows lies in it */
    real *grads;            /* [model_max_nodes, at least 1][weights_size] */
    double (*per_shard)[3]; /* [max_shards] */
    comm_stream *stream;    /* owned; of the gradient */
};

size_t step_gradients(const tensor_table *t, size_t max_shards)
{
    const size_t nodes = model_max_nodes(max_shards);
    return (nodes > 0 ? nodes : 1) * t->weights_size;
}

/* Take all memory from the arena, or count it. */
static void plan(stepper *s, arena *a, size_t max_shards)
{
    s->grads = arena_alloc(a, step_gradients(model_table(s->m), max_shards), sizeof *s->grads);
    s->statistics = arena_alloc(a, model_table(s->m)->moving_size, sizeof *s->statistics);
    s->per_shard = arena_alloc(a, max_shards, sizeof *s->per_shard);
}

int stepper_create(stepper **out, model *m, comm *c, const step_options *options, size_t max_shards)
{
    *out = NULL;
    stepper *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the training step");
    }
    s->m = m;
    s->c = c;
    s->options = *options;
    arena counting = arena_plan();
    plan(s, &counting, max_shards);
    int code = arena_init(&s->memory, counting.used);
    if (code == LS_OK) {
        plan(s, &s->memory, max_shards);
        code = comm_stream_create(&s->stream, c, model_table(m)->weights_size, COMM_STREAM_BUCKET);
    }
    if (code == LS_OK) {
        code = stepper_skip_frozen(s);
    }
    if (code != LS_OK) {
        stepper_free(s);
        return code;
    }
    *out = s;
    return LS_OK;
}

int stepper_skip_frozen(stepper *s)
{
    const tensor_table *t = model_table(s->m);
    extent *frozen = calloc(t->count + 1, sizeof *frozen);
    if (frozen == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the training step");
    }
    const int code = comm_stream_leave_out(s->stream, frozen, tensor_table_frozen(t, frozen));
    free(frozen);
    return code;
}

void stepper_use(stepper *s, const step_options *options)
{
    s->options = *options;
}

void stepper_observe(stepper *s, instrument *by)
{
    s->observer = by;
}

void stepper_hold(stepper *s, const norm_hold *norms)
{
    s->norms = norms;
}

void stepper_free(stepper *s)
{
    if (s == NULL) {
        return;
    }
    comm_stream_free(s->stream);
    arena_release(&s->memory);
    free(s);
}

static void set_metrics(step_metrics *out, const double total[3])
{
    out->cross_entropy = total[2] > 0 ? total[0] / total[2] : 0;
    out->correct = total[1];
    out->samples = total[2];
}

/* Ranks agree on their codes while they compute; all->code: what came of it. */
static int forward(stepper *s, const batch *b, const state *st, const reducer *sums, step_agreement *all)
{
    static const trace_label label = {"forward", "step", {NULL}};
    (void)watch_enter(WATCH_FORWARD);
    trace_begin(&label);
    int code = comm_agree_begin(s->c, all->code, all->requests);
    if (code == LS_OK) {
        code = model_forward(s->m, st, b, MODEL_TRAIN, sums, NULL);
    }
    if (code == LS_OK) {
        all->code = comm_agree_end(s->c, &all->requests);
    }
    trace_end();
    return code;
}

/* Loss and gradient are summed over the ranks while backward computes. */
static int backward(stepper *s, const batch *b, const state *st, const reducer *sums, step_metrics *out)
{
    static const trace_label computing = {"backward", "step", {NULL}};
    static const trace_label finishing = {"rest of the gradient's sum", "step", {NULL}};
    const gradient_sink sink = comm_stream_sink(s->stream);
    double totals[3] = {0};
    (void)watch_enter(WATCH_BACKWARD);
    trace_begin(&computing);
    comm_stream_begin(s->stream, s->grads, &b->range);
    int code = comm_stream_attach(s->stream, totals, &s->per_shard[0][0], 3);
    if (code == LS_OK) {
        code = model_backward(s->m, st, b, sums, s->options.sync_bn, s->grads, &sink);
    }
    trace_end();
    (void)watch_enter(WATCH_REDUCING);
    trace_begin(&finishing);
    if (code == LS_OK) {
        code = comm_stream_finish(s->stream);
    }
    trace_end();
    set_metrics(out, totals);
    return code;
}

static double update(stepper *s, state *st, const rate_now *rate)
{
    static const trace_label measuring = {"measure filters", "step", {NULL}};
    const bool observed = instrument_due(s->observer, st->step);
    const bool updated = gradient_updates_after(&s->options.optimizer, st->step);
    rate_now invariant = *rate;
    if (observed) {
        invariant = growth_rate(st, rate, &s->options.optimizer);
        trace_begin(&measuring);
        instrument_before(s->observer, st);
        trace_end();
    }
    const double penalty = optimizer_update(st, s->grads, rate, &s->options.optimizer, model_threads(s->m));
    st->step++;
    if (updated && s->norms != NULL) {
        norm_hold_apply(s->norms, st, model_threads(s->m));
    }
    if (observed) {
        trace_begin(&measuring);
        model_batch_statistics(s->m, s->statistics);
        instrument_after(s->observer, st, s->grads, s->statistics, &invariant);
        trace_end();
    }
    return penalty;
}

int step_train(stepper *s, const batch *b, state *st, step_agreement *all, step_metrics *out)
{
    static const trace_label loss = {"loss", "step", {NULL}};
    static const trace_label updating = {"update", "step", {NULL}};
    const optimizer_options *o = &s->options.optimizer;
    comm_reducer_context context = {s->c, b->range, s->options.sync_bn};
    const reducer sums = comm_reducer(&context);
    if (st->step == 0) {
        optimizer_begin(st, o);
    }
    int code = growth_check(st); /* the same on all ranks */
    if (code != LS_OK) {
        return code;
    }
    code = forward(s, b, st, &sums, all);
    if (code != LS_OK || all->code != LS_OK) {
        return code;
    }
    (void)watch_enter(WATCH_LOSS);
    trace_begin(&loss);
    model_loss(s->m, b, s->per_shard);
    trace_end();
    code = backward(s, b, st, &sums, out);
    if (code != LS_OK) {
        return code;
    }
    (void)watch_enter(WATCH_UPDATE);
    trace_begin(&updating);
    model_finish_gradient(s->m, s->options.sync_bn, s->grads);
    const rate_now rate = rate_at(o, &s->options.run, st->step);
    out->rate = rate.rate;
    out->penalty = update(s, st, &rate);
    trace_end();
    (void)watch_enter(WATCH_BETWEEN);
    watch_step_done();
    return LS_OK;
}

int step_evaluate(stepper *s, const batch *b, const state *st, real *logits, step_metrics *out)
{
    comm_reducer_context context = {s->c, b->range, 1};
    const reducer sums = comm_reducer(&context);
    double totals[3] = {0};
    (void)watch_enter(WATCH_VALIDATING);
    int code = model_forward(s->m, st, b, MODEL_INFER, NULL, logits);
    if (code == LS_OK) {
        model_evaluate(s->m, b, s->per_shard);
        code = sums.sum(sums.context, totals, &s->per_shard[0][0], 3);
    }
    out->penalty = 0;
    set_metrics(out, totals);
    return code;
}

double step_penalty(const stepper *s, const state *st)
{
    return optimizer_penalty(st, &s->options.optimizer, model_threads(s->m));
}

int step_statistics(stepper *s, const batch *b, const state *st, double *out)
{
    comm_reducer_context context = {s->c, b->range, 1};
    const reducer sums = comm_reducer(&context);
    (void)watch_enter(WATCH_VALIDATING);
    const int code = model_forward(s->m, st, b, MODEL_ESTIMATE, &sums, NULL);
    if (code == LS_OK) {
        model_batch_statistics(s->m, out);
    }
    return code;
}

/* A vector averaged over ranks, weighted by their samples. *difference: the largest from this rank's own. */
static int average_vector(stepper *s, const state_vector *v, size_t samples, double *difference)
{
    double *sums = calloc(v->size + 1, sizeof *sums); /* and samples */
    if (sums == NULL) {
        return error_set(LS_ENOMEM, "out of memory for averaging the moving statistics");
    }
    for (size_t i = 0; i < v->size; i++) {
        sums[i] = (double)v->values[i] * (double)samples;
    }
    sums[v->size] = (double)samples;
    const int code = comm_sum_ranks(s->c, sums, v->size + 1);
    const double all = sums[v->size];
    for (size_t i = 0; code == LS_OK && i < v->size && all > 0; i++) {
        const double mean = sums[i] / all;
        *difference = fmax(*difference, fabs(mean - (double)v->values[i]));
        v->values[i] = (real)mean;
    }
    free(sums);
    return code;
}

int step_average_moving(stepper *s, state *st, size_t samples, double *drift)
{
    double own = 0;
    int code = LS_OK;
    for (size_t i = 0; code == LS_OK && i < st->count; i++) {
        double difference = 0;
        if (st->vectors[i].layout == TENSOR_MOVING) {
            code = average_vector(s, &st->vectors[i], samples, &difference);
        }
        own = i == STATE_MOVING && samples > 0 ? difference : own; /* without samples nothing was averaged */
    }
    *drift = own;
    return code == LS_OK ? comm_max_f64(s->c, drift, 1) : code;
}

const real *step_gradient(const stepper *s)
{
    return s->grads;
}
