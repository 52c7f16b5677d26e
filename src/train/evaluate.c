#include "train/evaluate.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/tree.h"
#include "train/moving.h"

/* Next batch with all ranks agreeing: 1, 0 at the end or where it is broken off, or a negative code on every rank. */
static int next_batch(const session *s, loader *l, evaluate_breaks *breaks, batch *out)
{
    unsigned requests = breaks != NULL ? breaks->requests(breaks->context) : 0;
    const int got = loader_next(l, out);
    int code = comm_or_abort(s->c, comm_agree_begin(s->c, got < 0 ? got : LS_OK, requests));
    if (code == LS_OK) {
        code = comm_agree_end(s->c, &requests);
    }
    if (code == LS_OK && breaks != NULL && (requests & STEP_REQUEST_STOP) != 0) {
        breaks->stopped = true;
        return 0;
    }
    return code != LS_OK ? code : got;
}

static void keep(evaluate_dump *dump, const session *s, const batch *b, const real *logits)
{
    const size_t pixels = s->options.data.height * s->options.data.width * 3;
    const size_t classes = dataset_classes(s->data);
    for (size_t i = 0; i < b->range.samples && dump->count < dump->capacity; i++, dump->count++) {
        for (size_t k = 0; k < pixels; k++) {
            dump->images[dump->count * pixels + k] = (float)b->images[i * pixels + k];
        }
        for (size_t k = 0; k < classes; k++) {
            dump->logits[dump->count * classes + k] = (float)logits[i * classes + k];
        }
    }
}

evaluation evaluation_of_none(void)
{
    return (evaluation){
        .loss = NAN,
        .cross_entropy = NAN,
        .accuracy = NAN,
        .top5 = NAN,
        .macro_recall = NAN,
        .calibration_error = NAN,
    };
}

/* Memory of an evaluation, beside the session's. */
typedef struct evaluate_work {
    real *logits; /* owned; of this rank's largest part of a batch */
    records kept; /* owned */
} evaluate_work;

static int prepare(evaluate_work *out, const session *s)
{
    const order_options *by = &s->options.order;
    const size_t all = loader_samples(s->val);
    size_t samples = 0;
    size_t most = 0;
    for (size_t before = 0; before < all; before += by->batch) {
        const size_t n = all - before < by->batch ? all - before : by->batch;
        const shard_range own = shard_range_of(n, by->shard_size, (size_t)comm_rank(s->c), (size_t)comm_size(s->c));
        samples += own.samples;
        most = own.samples > most ? own.samples : most;
    }
    out->logits = calloc(most * dataset_classes(s->data) + 1, sizeof *out->logits);
    return out->logits == NULL ? error_set(LS_ENOMEM, "out of memory for the logits")
                               : records_reserve(&out->kept, samples);
}

/* From the records of all samples, which end up on rank 0. Collective. */
static int add_figures(const session *s, records *kept, evaluation *out)
{
    metrics m = {0};
    int code = records_gather(kept, s->c, out->samples);
    if (code == LS_OK && comm_rank(s->c) == 0) {
        code = metrics_compute(&m, kept->samples, kept->count, dataset_classes(s->data));
    }
    double figures[] = {m.top5, m.macro_recall, m.calibration_error};
    metrics_release(&m);
    code = comm_agree(s->c, code);
    if (code == LS_OK) {
        code = comm_or_abort(s->c, comm_broadcast(s->c, figures, sizeof figures));
    }
    out->top5 = figures[0];
    out->macro_recall = figures[1];
    out->calibration_error = figures[2];
    return code;
}

/* Sums over a split, along the shard tree within each batch. */
typedef struct evaluate_sums {
    double cross_entropy, correct, samples;
} evaluate_sums;

static int evaluate_batch(session *s, const state *at, const batch *b, evaluate_dump *dump, evaluate_work *w,
                          evaluate_sums *sums)
{
    step_metrics m;
    const int code = comm_or_abort(s->c, step_evaluate(s->replica.steps, b, at, w->logits, &m));
    if (code != LS_OK) {
        return code;
    }
    if (dump != NULL) {
        keep(dump, s, b, w->logits);
    }
    records_add(&w->kept, b, (size_t)sums->samples, w->logits, dataset_classes(s->data));
    sums->cross_entropy += m.cross_entropy * m.samples;
    sums->correct += m.correct;
    sums->samples += m.samples;
    return LS_OK;
}

int evaluate_split(session *s, const state *at, const evaluate_extras *extras, evaluate_breaks *breaks, evaluation *out)
{
    evaluate_sums sums = {0};
    evaluate_work w = {0};
    batch b;
    *out = evaluation_of_none();
    if (loader_steps(s->val) == 0) {
        return LS_OK;
    }
    int code = prepare(&w, s);
    if (code == LS_OK) {
        code = session_resize(s, session_input(&s->options));
    }
    if (code == LS_OK) {
        code = loader_start_epoch(s->val, 0, 0);
    }
    code = comm_agree(s->c, code);
    for (int got = 1; code == LS_OK && got == 1;) {
        got = next_batch(s, s->val, breaks, &b);
        code = got == 1 ? evaluate_batch(s, at, &b, extras != NULL ? extras->dump : NULL, &w, &sums) : got;
    }
    if (code == LS_OK && sums.samples > 0 && (breaks == NULL || !breaks->stopped)) {
        out->cross_entropy = sums.cross_entropy / sums.samples;
        out->loss = out->cross_entropy + step_penalty(s->replica.steps, at);
        out->accuracy = sums.correct / sums.samples;
        out->samples = (size_t)sums.samples;
        code = add_figures(s, &w.kept, out);
    }
    if (extras != NULL && extras->samples != NULL) {
        *extras->samples = w.kept;
        w.kept = (records){0};
    }
    records_release(&w.kept);
    free(w.logits);
    return code;
}

/* Add one batch's statistics, with variances as second moments, which average over batches of any size. */
static void add_moments(const tensor_table *t, double *sums, const double *batch_statistics, double weight)
{
    for (size_t i = 0; i < t->count; i++) {
        const tensor_info *mean = &t->tensors[i];
        const tensor_info *variance = mean + 1;
        for (size_t k = 0; moving_is_mean(t, i) && k < mean->size; k++) {
            const double m = batch_statistics[mean->offset + k];
            sums[mean->offset + k] += weight * m;
            sums[variance->offset + k] += weight * (batch_statistics[variance->offset + k] + m * m);
        }
    }
}

static void finish_moments(const tensor_table *t, const double *sums, double weight, real *out)
{
    for (size_t i = 0; i < t->count; i++) {
        const tensor_info *mean = &t->tensors[i];
        const tensor_info *variance = mean + 1;
        for (size_t k = 0; moving_is_mean(t, i) && k < mean->size; k++) {
            const double m = sums[mean->offset + k] / weight;
            const double v = sums[variance->offset + k] / weight - m * m;
            out[mean->offset + k] = (real)m;
            out[variance->offset + k] = (real)(v > 0 ? v : 0);
        }
    }
}

int evaluate_population(session *s, uint64_t epoch, size_t batches, evaluate_breaks *breaks, real *out)
{
    const tensor_table *t = model_table(s->replica.net);
    const size_t n = t->moving_size;
    if (!moving_changes(t)) {
        memcpy(out, state_moving(&s->replica.state), n * sizeof *out);
        return LS_OK;
    }
    double *sums = calloc(n + 1, sizeof *sums); /* the last: samples */
    double *statistics = calloc(n + 1, sizeof *statistics);
    batch b;
    int got = 0;
    int code = sums == NULL || statistics == NULL ? error_set(LS_ENOMEM, "out of memory for population statistics")
                                                  : session_resize(s, session_input(&s->options));
    if (code == LS_OK) {
        code = loader_start_epoch(s->train, epoch, 0);
    }
    code = comm_agree(s->c, code);
    if (code != LS_OK) {
        goto cleanup;
    }
    assert(sums != NULL && statistics != NULL); /* agreed on, above */
    for (size_t i = 0; batches == 0 || i < batches; i++) {
        got = next_batch(s, s->train, breaks, &b);
        if (got != 1) {
            break;
        }
        code = comm_or_abort(s->c, step_statistics(s->replica.steps, &b, &s->replica.state, statistics));
        if (code != LS_OK) {
            goto cleanup;
        }
        add_moments(t, sums, statistics,
                    (double)b.range.all_samples); /* the global batch's, also where BN is local in training */
        sums[n] += (double)b.range.all_samples;
    }
    code = got < 0 ? got : LS_OK;
    if (code == LS_OK && sums[n] > 0) {
        memcpy(out, state_moving(&s->replica.state), n * sizeof *out);
        finish_moments(t, sums, sums[n], out);
    }
cleanup:
    free(statistics);
    free(sums);
    return code;
}
