#include "verify/golden.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"
#include "data/order.h"
#include "train/session.h"
#include "train/step.h"
#include "verify/golden_compare.h"
#include "verify/golden_file.h"

/* Everything that verifying one file needs. */
typedef struct verifier {
    comm *c;                       /* not owned */
    const golden_options *options; /* not owned */
    golden_result *out;            /* not owned */
    int code;                      /* the first failure; what comes after it does nothing */
    golden_file file;
    replica replica;       /* its state as it becomes */
    const tensor_table *t; /* of the network */
    state start;           /* as the file has it */
    real *images;          /* of the batch at hand, whole */
    int32_t *labels;
    size_t samples;
    double (*losses)[4]; /* [batches]; of each: total, cross-entropy, penalty, correct */
    double *logits;      /* [samples][classes] of the whole batch, from all ranks */
    real *own;           /* this rank's part of them */
} verifier;

static void print_quantity(verifier *v, const char *quantity, golden_worst *w)
{
    if (v->code != LS_OK) {
        return;
    }
    const double median = golden_median_ratio(w);
    const int good = w->error <= v->options->tolerance && (v->options->ratio == 0 || median <= v->options->ratio);
    char beside[256] = "";
    if (v->options->precision == PRECISION_MIXED) {
        (void)snprintf(beside, sizeof beside, "; median of %zu tensors %.2e", w->tensors, golden_median_error(w));
    } else if (median > 0 && sizeof(real) == 4) {
        (void)snprintf(beside, sizeof beside,
                       "; in units of TensorFlow's: median %.2f, largest %.2f in %s, %zu of %zu over %g", median,
                       w->ratio, w->ratio_tensor, w->over, w->tensors, GOLDEN_OVER);
    }
    log_info("%-24s %8.2e in %s%s%s", quantity, w->error, w->tensor, beside, good ? "" : "  FAILED");
    v->out->worst = w->error > v->out->worst ? w->error : v->out->worst;
    v->out->ratio = median > v->out->ratio ? median : v->out->ratio;
    v->out->passed = v->out->passed && good;
}

static void add_bits(verifier *v, const void *bytes, size_t n)
{
    v->out->bits = hash_bytes(v->out->bits, bytes, n);
}

static int make_network(verifier *v, size_t largest)
{
    const golden_file *g = &v->file;
    const size_t shards = (largest + v->options->shard_size - 1) / v->options->shard_size;
    const size_t ranks = (size_t)comm_size(v->c);
    const model_options options = {
        .height = g->height,
        .width = g->width,
        .classes = g->classes,
        .network = {.batch_norm = g->batch_norm != 0, .alpha = g->alpha, .precision = v->options->precision},
        .norm = {.momentum = g->momentum, .epsilon = g->epsilon},
        .shard_size = v->options->shard_size,
        .max_shards = (shards + ranks - 1) / ranks,
        .training = 1,
    };
    const step_options plain = {0};
    int code = replica_create(&v->replica, &options, v->options->threads, v->c, &plain);
    if (code != LS_OK) {
        return code;
    }
    v->t = model_table(v->replica.net);
    v->logits = calloc(largest * g->classes, sizeof *v->logits);
    v->own = calloc(largest * g->classes, sizeof *v->own);
    if (v->logits == NULL || v->own == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the logits");
    }
    code = state_create_like(&v->start, &v->replica.state);
    return code != LS_OK ? code : golden_file_init(g, &v->start);
}

static void restart(verifier *v)
{
    state_copy(&v->replica.state, &v->start);
}

static void free_batch(verifier *v)
{
    free(v->images);
    free(v->labels);
    v->images = NULL;
    v->labels = NULL;
}

static void load_batch(verifier *v, size_t k)
{
    if (v->code == LS_OK) {
        free_batch(v);
        v->code = comm_agree(v->c, golden_file_batch(&v->file, k, &v->images, &v->labels, &v->samples));
    }
}

/* This rank's part of the batch at hand. */
static batch own_part(const verifier *v)
{
    const size_t picture = v->file.height * v->file.width * 3;
    const shard_range range =
        shard_range_of(v->samples, v->options->shard_size, (size_t)comm_rank(v->c), (size_t)comm_size(v->c));
    return (batch){
        .images = v->images + range.first_sample * picture,
        .labels = v->labels + range.first_sample,
        .range = range,
    };
}

/* Put the ranks' logits together: each adds its own to zeros. */
static int gather_logits(verifier *v, const batch *b)
{
    const size_t classes = v->file.classes;
    const size_t n = v->samples * classes;
    const size_t first = b->range.first_sample * classes;
    memset(v->logits, 0, n * sizeof *v->logits);
    for (size_t i = 0; i < b->range.samples * classes; i++) {
        v->logits[first + i] = (double)v->own[i];
    }
    const int code = comm_sum_ranks(v->c, v->logits, n);
    add_bits(v, v->logits, n * sizeof *v->logits);
    return code;
}

/* An array that the reference group, and TensorFlow's own float32 results where there are any, hold. */
static int compare_array(verifier *v, golden_worst *w, const char *group, const char *name, const double *ours,
                         size_t n)
{
    char path[128];
    double *reference = NULL;
    double *tensorflow = NULL;
    (void)snprintf(path, sizeof path, "%s/%s", group, name);
    int code = golden_file_values(&v->file, path, n, &reference);
    if (code == LS_OK && strcmp(group, "expect_f64") == 0) {
        (void)snprintf(path, sizeof path, "expect_f32/%s", name);
        code = golden_file_values(&v->file, path, n, &tensorflow);
    }
    if (code == LS_OK) {
        golden_compare_values(w, name, ours, reference, tensorflow, n);
    }
    free(reference);
    free(tensorflow);
    return code;
}

static void verify_logits(verifier *v, const char *group, const char *name, model_mode mode)
{
    if (v->code != LS_OK) {
        return;
    }
    const batch b = own_part(v);
    comm_reducer_context context = {v->c, b.range, 1};
    const reducer sums = comm_reducer(&context);
    golden_worst w = {0};
    v->code = model_forward(v->replica.net, &v->replica.state, &b, mode, &sums, v->own);
    if (v->code == LS_OK) {
        v->code = gather_logits(v, &b);
    }
    if (v->code == LS_OK) {
        v->code = compare_array(v, &w, group, name, v->logits, v->samples * v->file.classes);
    }
    print_quantity(v, name, &w);
}

/* One update on the batch at hand; losses: total, cross-entropy, penalty, correct. */
static void take_step(verifier *v, const step_options *options, double losses[4])
{
    if (v->code != LS_OK) {
        return;
    }
    const batch b = own_part(v);
    step_metrics m = {0};
    step_agreement all = {.code = LS_OK};
    stepper_use(v->replica.steps, options);
    v->code = step_train(v->replica.steps, &b, &v->replica.state, &all, &m);
    losses[0] = m.cross_entropy + m.penalty;
    losses[1] = m.cross_entropy;
    losses[2] = m.penalty;
    losses[3] = m.correct;
    if (v->code != LS_OK || !options->sync_bn) { /* which depends on the number of ranks */
        return;
    }
    const uint64_t hash = state_hash(&v->replica.state);
    add_bits(v, losses, 4 * sizeof *losses);
    add_bits(v, step_gradient(v->replica.steps), v->t->weights_size * sizeof(real));
    add_bits(v, &hash, sizeof hash);
}

static step_options file_options(const verifier *v)
{
    return (step_options){.optimizer = {.learning_rate = v->file.learning_rate, .l2 = v->file.l2}, .sync_bn = 1};
}

static void verify_set(verifier *v, const golden_set *set, const char *quantity, const real *weights,
                       const real *moving)
{
    golden_worst w = {0};
    if (v->code == LS_OK) {
        v->code = golden_compare_set(&w, &v->file, set, v->t, weights, moving);
    }
    print_quantity(v, quantity, &w);
}

static void verify_gradient(verifier *v, golden_set set, const char *name, const char *quantity)
{
    set.name = name;
    verify_set(v, &set, quantity, step_gradient(v->replica.steps), NULL);
}

static void verify_state(verifier *v, golden_set set, const char *name, const char *quantity)
{
    set.name = name;
    verify_set(v, &set, quantity, state_weights(&v->replica.state), state_moving(&v->replica.state));
}

/* The gradient of the cross-entropy alone: a step without penalty, from the file's start. */
static void verify_gradient_ce(verifier *v, golden_set set, const char *name, const char *quantity, int sync_bn)
{
    const step_options options = {.sync_bn = sync_bn};
    double losses[4];
    restart(v);
    take_step(v, &options, losses);
    verify_gradient(v, set, name, quantity);
    restart(v);
}

/* Step by step; where the reference is float64, TensorFlow's float32 is beside all steps together. */
static int compare_losses(verifier *v, golden_worst *w, const char *group, double (*losses)[4], size_t steps)
{
    char name[32];
    char path[128];
    double *reference = NULL;
    (void)snprintf(path, sizeof path, "%s/losses", group);
    const int code = golden_file_values(&v->file, path, 4 * steps, &reference);
    for (size_t i = 0; code == LS_OK && i < steps; i++) {
        (void)snprintf(name, sizeof name, "step %zu", i + 1);
        /* Single numbers: float32's error may be 0 by luck, so ratios are taken over all steps together. */
        golden_compare_values(w, name, losses[i], reference + 4 * i, NULL, 4);
    }
    free(reference);
    if (code != LS_OK || strcmp(group, "expect_f64") != 0) {
        return code;
    }
    return compare_array(v, w, group, "losses", losses[0], 4 * steps);
}

static void verify_losses(verifier *v, const char *group, double (*losses)[4], size_t steps)
{
    golden_worst w = {0};
    if (v->code == LS_OK) {
        v->code = compare_losses(v, &w, group, losses, steps);
    }
    print_quantity(v, "losses", &w);
}

/* A file of updates in a row. losses: [batches][4], to be filled. */
static void verify_steps(verifier *v, double (*losses)[4])
{
    const char *const group = v->file.has_f64 ? "expect_f64" : "expect_f32";
    const golden_set set = {.reference = group, .tensorflow = v->file.has_f64 ? "expect_f32" : NULL};
    const step_options options = file_options(v);
    verify_logits(v, group, "logits_train", MODEL_ESTIMATE);
    verify_logits(v, group, "logits_infer", MODEL_INFER);
    verify_gradient_ce(v, set, "grad_ce", "gradient, cross-entropy", 1);
    for (size_t k = 0; k < v->file.batches; k++) {
        load_batch(v, k);
        take_step(v, &options, losses[k]);
        if (k == 0) {
            verify_gradient(v, set, "grad_total", "gradient, total");
            verify_state(v, set, "weights_1", "state after step 1");
        }
    }
    char last[64];
    (void)snprintf(last, sizeof last, "state after step %zu", v->file.batches);
    verify_losses(v, group, losses, v->file.batches);
    verify_state(v, set, "weights_5", last);
    load_batch(v, 0);
    verify_logits(v, group, "logits_infer_5", MODEL_INFER);
}

/* Whether this run's ranks have the parts that the file's unsynchronized results are for. */
static bool same_split(verifier *v, const char *group)
{
    char path[128];
    h5_shape shape;
    double *parts = NULL;
    const size_t ranks = (size_t)comm_size(v->c);
    (void)snprintf(path, sizeof path, "%s/local_bn_split", group);
    if (v->code != LS_OK || !h5_exists(v->file.f, path)) {
        return false;
    }
    v->code = golden_file_array(&v->file, path, &parts, &shape);
    if (v->code != LS_OK) {
        return false;
    }
    bool same = shape.size == ranks;
    for (size_t r = 0; same && r < ranks; r++) {
        same = parts[r] == (double)shard_range_of(v->samples, v->options->shard_size, r, ranks).samples;
    }
    free(parts);
    if (!same) {
        log_info("%-24s not checked: needs %zu ranks with the file's parts", "gradient, local BN", shape.size);
    }
    return same;
}

/* One whole batch of a file for data-parallel runs. */
static void verify_batch(verifier *v, size_t k)
{
    char group[64];
    double losses[1][4];
    (void)snprintf(group, sizeof group, "expect_f64_batch%zu", k);
    const golden_set set = {.reference = group, .tensorflow = group};
    const step_options options = file_options(v);
    load_batch(v, k);
    if (v->code != LS_OK) {
        return;
    }
    log_info("batch %zu: %zu samples in %zu shards", k, v->samples,
             (v->samples + v->options->shard_size - 1) / v->options->shard_size);
    restart(v);
    verify_logits(v, group, "logits_train", MODEL_ESTIMATE);
    take_step(v, &options, losses[0]);
    verify_losses(v, group, losses, 1);
    verify_gradient(v, set, "grad_total", "gradient, total");
    if (v->file.batch_norm) {
        verify_state(v, set, "state_1", "moving statistics");
    }
    if (same_split(v, group)) {
        const golden_set alone = {.reference = group};
        verify_gradient_ce(v, alone, "local_bn_grad_ce", "gradient, local BN", 0);
    }
}

static int largest_batch(verifier *v, size_t *out)
{
    int code = LS_OK;
    *out = 0;
    for (size_t k = 0; code == LS_OK && k < v->file.batches; k++) {
        free_batch(v);
        code = golden_file_batch(&v->file, k, &v->images, &v->labels, &v->samples);
        *out = v->samples > *out ? v->samples : *out;
    }
    if (code == LS_OK && *out == 0) {
        code = error_set(LS_EFORMAT, "%s: holds no samples", h5_path(v->file.f));
    }
    return code;
}

/* Open, plan, load: everything that can fail on one rank alone. */
static int prepare_alone(verifier *v, const char *path)
{
    size_t largest = 0;
    int code = golden_file_open(&v->file, path);
    if (code == LS_OK) {
        code = largest_batch(v, &largest);
    }
    if (code == LS_OK) {
        code = make_network(v, largest);
    }
    if (code == LS_OK) {
        v->losses = calloc(v->file.batches, sizeof *v->losses);
        code = v->losses == NULL ? error_set(LS_ENOMEM, "out of memory for the losses") : LS_OK;
    }
    return code;
}

static void verify_all(verifier *v, const char *path)
{
    const golden_options *o = v->options;
    log_info("%s: " REAL_NAME "%s, kernels %s, shards of %zu, %d rank%s of %d thread%s; tolerance %g", path,
             o->precision == PRECISION_MIXED ? " and bf16" : "", model_isa(), o->shard_size, comm_size(v->c),
             comm_size(v->c) == 1 ? "" : "s", o->threads, o->threads == 1 ? "" : "s", o->tolerance);
    restart(v);
    load_batch(v, 0);
    if (!v->file.data_parallel) {
        verify_steps(v, v->losses);
        return;
    }
    for (size_t k = 0; k < v->file.batches; k++) {
        verify_batch(v, k);
    }
}

static void release(verifier *v)
{
    free_batch(v);
    state_release(&v->start);
    free(v->losses);
    free(v->logits);
    free(v->own);
    replica_release(&v->replica);
    golden_file_close(&v->file);
}

int golden_verify(comm *c, const char *path, const golden_options *options, golden_result *out)
{
    *out = (golden_result){.bits = HASH_START, .passed = 1};
    verifier v = {.c = c, .options = options, .out = out};
    v.code = comm_agree(c, prepare_alone(&v, path));
    if (v.code == LS_OK) {
        verify_all(&v, path);
    }
    int code = comm_agree(c, v.code);
    if (code == LS_OK) {
        code = comm_same(c, out->bits, "the hash of all results");
    }
    if (code == LS_OK) {
        log_info("bits %016llx", (unsigned long long)out->bits);
    }
    release(&v);
    return code;
}
