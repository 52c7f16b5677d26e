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

int evaluate_split(session *s, const state *at, evaluate_dump *dump, evaluate_breaks *breaks, evaluation *out)
{
    *out = (evaluation){.loss = NAN, .cross_entropy = NAN, .accuracy = NAN};
    double cross_entropy = 0, correct = 0, samples = 0;
    real *logits = NULL;
    batch b;
    int code = LS_OK;
    int got = 0;
    if (loader_steps(s->val) == 0) {
        return LS_OK;
    }
    if (dump != NULL) {
        logits = calloc(s->options.order.batch * dataset_classes(s->data), sizeof *logits);
        code = logits == NULL ? error_set(LS_ENOMEM, "out of memory for the logits") : LS_OK;
    }
    if (code == LS_OK) {
        code = loader_start_epoch(s->val, 0, 0);
    }
    code = comm_agree(s->c, code);
    if (code != LS_OK) {
        goto cleanup;
    }
    while ((got = next_batch(s, s->val, breaks, &b)) == 1) {
        step_metrics m;
        code = comm_or_abort(s->c, step_evaluate(s->replica.steps, &b, at, logits, &m));
        if (code != LS_OK) {
            goto cleanup;
        }
        if (dump != NULL) {
            keep(dump, s, &b, logits);
        }
        cross_entropy += m.cross_entropy * m.samples;
        correct += m.correct;
        samples += m.samples;
    }
    code = got;
    if (code == LS_OK && samples > 0) {
        out->cross_entropy = cross_entropy / samples;
        out->loss = out->cross_entropy + step_penalty(s->replica.steps, at);
        out->accuracy = correct / samples;
        out->samples = (size_t)samples;
    }
cleanup:
    free(logits);
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
    double *sums = calloc(n + 1, sizeof *sums); /* the last: samples */
    double *statistics = calloc(n + 1, sizeof *statistics);
    batch b;
    int got = 0;
    int code = sums == NULL || statistics == NULL ? error_set(LS_ENOMEM, "out of memory for population statistics")
                                                  : loader_start_epoch(s->train, epoch, 0);
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
