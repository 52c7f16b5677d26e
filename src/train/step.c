#include "train/step.h"

#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/watch.h"
#include "comm/stream.h"

struct stepper {
    model *m; /* not owned */
    comm *c;  /* not owned */
    step_options options;
    arena memory;           /* owned; what follows lies in it */
    real *grads;            /* [model_max_nodes, at least 1][weights_size] */
    double (*per_shard)[3]; /* [max_shards] */
    comm_stream *stream;    /* owned; of the gradient */
    step_times *times;      /* not owned; NULL: none are taken */
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
    if (code != LS_OK) {
        stepper_free(s);
        return code;
    }
    *out = s;
    return LS_OK;
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

void stepper_set_times(stepper *s, step_times *t)
{
    s->times = t;
}

static model_batch rank_part(const batch *b)
{
    return (model_batch){b->images, b->labels, b->samples, b->shards, b->first_shard, b->total_shards, b->total};
}

static comm_reducer_context reducer_context(const stepper *s, const batch *b, int synchronized)
{
    return (comm_reducer_context){s->c, b->first_shard, b->shards, b->total_shards, synchronized};
}

static void set_metrics(step_metrics *out, const double total[3])
{
    out->cross_entropy = total[2] > 0 ? total[0] / total[2] : 0;
    out->correct = total[1];
    out->samples = total[2];
}

/* What ended with this code was this phase of a step. */
static int timed(const stepper *s, step_phase phase, int code)
{
    step_times_lap(s->times, phase);
    return code;
}

int step_train(stepper *s, const batch *b, state *st, step_agreement *all, step_metrics *out)
{
    const int synchronized = s->options.sync_bn;
    const optimizer_options *o = &s->options.optimizer;
    const model_batch part = rank_part(b);
    comm_reducer_context context = reducer_context(s, b, synchronized);
    step_timed_sums waits;
    step_timed_sink sends;
    const reducer sums =
        step_times_reducer(&waits, s->times, comm_reducer(&context, synchronized ? b->total : b->samples));
    const gradient_sink sink = step_times_sink(&sends, s->times, comm_stream_sink(s->stream));
    double metrics[3] = {0};
    (void)watch_enter(WATCH_FORWARD);
    step_times_start(s->times);
    int code = comm_agree_begin(s->c, all->code, all->requests);
    if (code != LS_OK ||
        (code = timed(s, STEP_FORWARD, model_forward(s->m, st, &part, MODEL_TRAIN, &sums, NULL))) != LS_OK) {
        return code;
    }
    all->code = timed(s, STEP_WAITING, comm_agree_end(s->c, &all->requests));
    if (all->code != LS_OK) {
        return LS_OK;
    }
    model_loss(s->m, &part, s->per_shard);
    step_times_lap(s->times, STEP_LOSS);
    (void)watch_enter(WATCH_BACKWARD);
    /* From here to comm_stream_finish loss and gradient are summed over the ranks while backward computes. */
    comm_stream_begin(s->stream, s->grads, b->first_shard, b->shards, b->total_shards);
    if ((code = comm_stream_attach(s->stream, metrics, &s->per_shard[0][0], 3)) != LS_OK ||
        (code = timed(s, STEP_BACKWARD, model_backward(s->m, st, &part, &sums, synchronized, s->grads, &sink))) !=
            LS_OK ||
        (code = timed(s, STEP_REDUCTION, comm_stream_finish(s->stream))) != LS_OK) {
        return code;
    }
    set_metrics(out, metrics);
    (void)watch_enter(WATCH_UPDATE);
    model_finish_gradient(s->m, synchronized, s->grads);
    out->penalty = optimizer_update(st, s->grads, rate_at(o, st->step), o, model_threads(s->m));
    st->step++;
    step_times_lap(s->times, STEP_UPDATE);
    (void)watch_enter(WATCH_BETWEEN);
    watch_step_done();
    return LS_OK;
}

/* Loss and right answers of the last forward, summed over the global batch. */
static int batch_metrics(const stepper *s, const batch *b, const model_batch *part, step_metrics *out)
{
    comm_reducer_context context = reducer_context(s, b, 1);
    const reducer sums = comm_reducer(&context, b->total);
    double total[3] = {0};
    model_loss(s->m, part, s->per_shard);
    const int code = sums.sum(sums.context, total, &s->per_shard[0][0], 3);
    set_metrics(out, total);
    return code;
}

int step_evaluate(stepper *s, const batch *b, const state *st, real *logits, step_metrics *out)
{
    const model_batch part = rank_part(b);
    (void)watch_enter(WATCH_VALIDATING);
    const int code = model_forward(s->m, st, &part, MODEL_INFER, NULL, logits);
    if (code != LS_OK) {
        return code;
    }
    out->penalty = 0;
    return batch_metrics(s, b, &part, out);
}

double step_penalty(const stepper *s, const state *st)
{
    return optimizer_penalty(st, s->options.optimizer.l2, model_threads(s->m));
}

int step_statistics(stepper *s, const batch *b, const state *st, double *out)
{
    const model_batch part = rank_part(b);
    comm_reducer_context context = reducer_context(s, b, 1);
    const reducer sums = comm_reducer(&context, b->total);
    (void)watch_enter(WATCH_VALIDATING);
    const int code = model_forward(s->m, st, &part, MODEL_ESTIMATE, &sums, NULL);
    if (code == LS_OK) {
        model_batch_statistics(s->m, out);
    }
    return code;
}

int step_average_moving(stepper *s, state *st, size_t samples, double *drift)
{
    real *moving = state_moving(st);
    const size_t n = st->vectors[STATE_MOVING].size;
    const int size = comm_size(s->c);
    double *weighted = calloc(n + 1 + (size_t)size, sizeof *weighted); /* sums, samples, each rank's difference */
    if (weighted == NULL) {
        return error_set(LS_ENOMEM, "out of memory for averaging the moving statistics");
    }
    for (size_t i = 0; i < n; i++) {
        weighted[i] = (double)moving[i] * (double)samples;
    }
    weighted[n] = (double)samples;
    tree_front own; /* each rank is one leaf */
    tree_front_of(&own, (size_t)comm_rank(s->c), 1, (size_t)size);
    int code = comm_sum_f64(s->c, weighted, weighted, n + 1, &own, (size_t)size);
    double *apart = weighted + n + 1;
    double *own_apart = &apart[comm_rank(s->c)];
    for (size_t i = 0; code == LS_OK && i < n && weighted[n] > 0; i++) {
        const double mean = weighted[i] / weighted[n];
        const double difference = fabs(mean - (double)moving[i]);
        *own_apart = samples > 0 && difference > *own_apart ? difference : *own_apart; /* else nothing was averaged */
        moving[i] = (real)mean;
    }
    *drift = 0;
    if (code == LS_OK) {
        code = comm_sum_f64(s->c, apart, apart, (size_t)size, &own, (size_t)size);
    }
    for (int r = 0; code == LS_OK && r < size; r++) {
        *drift = apart[r] > *drift ? apart[r] : *drift;
    }
    free(weighted);
    return code;
}

const real *step_gradient(const stepper *s)
{
    return s->grads;
}
