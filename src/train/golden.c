#include "train/golden.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"
#include "data/order.h"
#include "train/golden_compare.h"
#include "train/golden_file.h"
#include "train/kernel_path.h"
#include "train/session.h"
#include "train/step.h"

/* Everything that verifying one file needs. */
typedef struct verifier {
    comm *c;                       /* not owned */
    const golden_options *options; /* not owned */
    golden_result *out;            /* not owned */
    golden_file file;
    pool *threads;
    model *net;
    const tensor_table *t; /* of net */
    state state;           /* as it becomes */
    state start;           /* as the file has it */
    real *images;          /* of the batch at hand, whole */
    int32_t *labels;
    size_t samples;
    double *logits; /* [samples][classes] of the whole batch, from all ranks */
    real *own;      /* this rank's part of them */
} verifier;

static int print_quantity(verifier *v, const char *quantity, golden_worst *w)
{
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
    return LS_OK;
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
    int code = pool_create(&v->threads, v->options->threads);
    code = code != LS_OK ? code : model_create(&v->net, &options, v->threads);
    if (code != LS_OK) {
        return code;
    }
    v->t = model_table(v->net);
    v->logits = calloc(largest * g->classes, sizeof *v->logits);
    v->own = calloc(largest * g->classes, sizeof *v->own);
    if (v->logits == NULL || v->own == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the logits");
    }
    code = state_create(&v->state, v->t, NULL, 0);
    if (code == LS_OK) {
        code = state_create(&v->start, v->t, NULL, 0);
    }
    return code != LS_OK ? code : golden_file_init(g, &v->start);
}

static void restart(verifier *v)
{
    state_copy(&v->state, &v->start);
}

static void free_batch(verifier *v)
{
    free(v->images);
    free(v->labels);
    v->images = NULL;
    v->labels = NULL;
}

static int load_batch(verifier *v, size_t k)
{
    free_batch(v);
    return comm_agree(v->c, golden_file_batch(&v->file, k, &v->images, &v->labels, &v->samples));
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
    tree_front leaf;
    memset(v->logits, 0, n * sizeof *v->logits);
    for (size_t i = 0; i < b->range.samples * classes; i++) {
        v->logits[first + i] = (double)v->own[i];
    }
    tree_front_of(&leaf, (size_t)comm_rank(v->c), 1, (size_t)comm_size(v->c));
    const int code = comm_sum_f64(v->c, v->logits, v->logits, n, &leaf, (size_t)comm_size(v->c));
    add_bits(v, v->logits, n * sizeof *v->logits);
    return code;
}

/* An array that the reference group, and TensorFlow's own float32 results where there are any, hold. */
static int compare_array(verifier *v, golden_worst *w, const char *group, const char *name, const double *ours,
                         size_t n)
{
    char path[128];
    h5_shape shape;
    double *reference = NULL;
    double *tensorflow = NULL;
    (void)snprintf(path, sizeof path, "%s/%s", group, name);
    int code = golden_file_array(&v->file, path, &reference, &shape);
    if (code == LS_OK && shape.size < n) {
        code = error_set(LS_EFORMAT, "%s: %s: %zu values where %zu were expected", h5_path(v->file.f), path, shape.size,
                         n);
    }
    if (code == LS_OK && strcmp(group, "expect_f64") == 0) {
        (void)snprintf(path, sizeof path, "expect_f32/%s", name);
        code = golden_file_array(&v->file, path, &tensorflow, &shape);
    }
    if (code == LS_OK) {
        golden_compare_values(w, name, ours, reference, tensorflow, n);
    }
    free(reference);
    free(tensorflow);
    return code;
}

static int verify_logits(verifier *v, const char *group, const char *name, model_mode mode)
{
    const batch b = own_part(v);
    comm_reducer_context context = {v->c, b.range, 1};
    const reducer sums = comm_reducer(&context);
    golden_worst w = {0};
    int code = model_forward(v->net, &v->state, &b, mode, &sums, v->own);
    code = code != LS_OK ? code : gather_logits(v, &b);
    code = code != LS_OK ? code : compare_array(v, &w, group, name, v->logits, v->samples * v->file.classes);
    return code != LS_OK ? code : print_quantity(v, name, &w);
}

/* One update on the batch at hand; losses: total, cross-entropy, penalty, correct. */
static int take_step(verifier *v, stepper *s, int sync_bn, double losses[4])
{
    const batch b = own_part(v);
    step_metrics m = {0};
    step_agreement all = {.code = LS_OK};
    const int code = step_train(s, &b, &v->state, &all, &m);
    losses[0] = m.cross_entropy + m.penalty;
    losses[1] = m.cross_entropy;
    losses[2] = m.penalty;
    losses[3] = m.correct;
    if (code != LS_OK) {
        return code;
    }
    if (!sync_bn) {
        return LS_OK; /* depends on the number of ranks */
    }
    const uint64_t hash = state_hash(&v->state);
    add_bits(v, losses, 4 * sizeof *losses);
    add_bits(v, step_gradient(s), v->t->weights_size * sizeof(real));
    add_bits(v, &hash, sizeof hash);
    return LS_OK;
}

static int make_stepper(verifier *v, stepper **s, double learning_rate, double l2, int sync_bn, size_t largest)
{
    const step_options options = {.optimizer = {.learning_rate = learning_rate, .l2 = l2}, .sync_bn = sync_bn};
    return comm_agree(v->c, stepper_create(s, v->net, v->c, &options, largest));
}

static int verify_set(verifier *v, const golden_set *set, const char *quantity, const real *weights, const real *moving)
{
    golden_worst w = {0};
    const int code = golden_compare_set(&w, &v->file, set, v->t, weights, moving);
    return code != LS_OK ? code : print_quantity(v, quantity, &w);
}

/* The gradient of the cross-entropy alone: a step without penalty. */
static int verify_gradient_ce(verifier *v, const golden_set *set, const char *quantity, int sync_bn)
{
    stepper *s = NULL;
    double losses[4];
    restart(v);
    int code = make_stepper(v, &s, 0, 0, sync_bn, v->samples);
    code = code != LS_OK ? code : take_step(v, s, sync_bn, losses);
    code = code != LS_OK ? code : verify_set(v, set, quantity, step_gradient(s), NULL);
    stepper_free(s);
    restart(v);
    return code;
}

/* Weights and moving statistics after `steps` updates. */
static int verify_state(verifier *v, golden_set set, const char *name, size_t steps)
{
    char quantity[64];
    set.name = name;
    (void)snprintf(quantity, sizeof quantity, "state after step %zu", steps);
    return verify_set(v, &set, quantity, state_weights(&v->state), state_moving(&v->state));
}

static int verify_losses(verifier *v, const char *group, double (*losses)[4], size_t steps)
{
    golden_worst w = {0};
    char name[32];
    char path[128];
    h5_shape shape;
    double *reference = NULL;
    double *tensorflow = NULL;
    (void)snprintf(path, sizeof path, "%s/losses", group);
    int code = golden_file_array(&v->file, path, &reference, &shape);
    if (code == LS_OK && shape.size != 4 * steps) {
        code = error_set(LS_EFORMAT, "%s: %s: not %zu rows of 4", h5_path(v->file.f), path, steps);
    }
    if (code == LS_OK && strcmp(group, "expect_f64") == 0) {
        code = golden_file_array(&v->file, "expect_f32/losses", &tensorflow, &shape);
    }
    if (code == LS_OK && tensorflow != NULL && shape.size != 4 * steps) {
        code = error_set(LS_EFORMAT, "%s: expect_f32/losses: not %zu rows of 4", h5_path(v->file.f), steps);
    }
    for (size_t i = 0; code == LS_OK && i < steps; i++) {
        (void)snprintf(name, sizeof name, "step %zu", i + 1);
        /* Single numbers: float32's error may be 0 by luck, so ratios are taken over all steps together. */
        golden_compare_values(&w, name, losses[i], reference + 4 * i, NULL, 4);
    }
    if (code == LS_OK && tensorflow != NULL) {
        golden_compare_values(&w, "all steps", losses[0], reference, tensorflow, 4 * steps);
    }
    free(reference);
    free(tensorflow);
    return code != LS_OK ? code : print_quantity(v, "losses", &w);
}

/* A file of n updates in a row. */
static int verify_steps(verifier *v)
{
    const char *const group = v->file.has_f64 ? "expect_f64" : "expect_f32";
    golden_set set = {.reference = group, .tensorflow = v->file.has_f64 ? "expect_f32" : NULL};
    const size_t steps = v->file.batches;
    stepper *s = NULL;
    double(*losses)[4] = calloc(steps, sizeof *losses);
    int code = comm_agree(v->c, losses == NULL ? error_set(LS_ENOMEM, "out of memory for the losses") : LS_OK);
    code = code != LS_OK ? code : verify_logits(v, group, "logits_train", MODEL_ESTIMATE);
    code = code != LS_OK ? code : verify_logits(v, group, "logits_infer", MODEL_INFER);
    set.name = "grad_ce";
    code = code != LS_OK ? code : verify_gradient_ce(v, &set, "gradient, cross-entropy", 1);
    code = code != LS_OK ? code : make_stepper(v, &s, v->file.learning_rate, v->file.l2, 1, v->samples);
    assert(code != LS_OK || losses != NULL); /* agreed on, above */
    for (size_t k = 0; code == LS_OK && k < steps; k++) {
        code = load_batch(v, k);
        code = code != LS_OK ? code : take_step(v, s, 1, losses[k]);
        if (code == LS_OK && k == 0) {
            set.name = "grad_total";
            code = verify_set(v, &set, "gradient, total", step_gradient(s), NULL);
            code = code != LS_OK ? code : verify_state(v, set, "weights_1", 1);
        }
    }
    code = code != LS_OK ? code : verify_losses(v, group, losses, steps);
    code = code != LS_OK ? code : verify_state(v, set, "weights_5", steps);
    code = code != LS_OK ? code : load_batch(v, 0);
    code = code != LS_OK ? code : verify_logits(v, group, "logits_infer_5", MODEL_INFER);
    stepper_free(s);
    free(losses);
    return code;
}

/* Whether this run's ranks have the parts that the file's unsynchronized results are for. */
static int same_split(verifier *v, const char *group, int *out)
{
    char path[128];
    h5_shape shape;
    double *parts = NULL;
    *out = 0;
    (void)snprintf(path, sizeof path, "%s/local_bn_split", group);
    if (!h5_exists(v->file.f, path)) {
        return LS_OK;
    }
    const int code = golden_file_array(&v->file, path, &parts, &shape);
    if (code == LS_OK) {
        const size_t ranks = (size_t)comm_size(v->c);
        *out = shape.size == ranks;
        for (size_t r = 0; *out && r < ranks; r++) {
            *out = parts[r] == (double)shard_range_of(v->samples, v->options->shard_size, r, ranks).samples;
        }
        if (!*out) {
            log_info("%-24s not checked: needs %zu ranks with the file's parts", "gradient, local BN", shape.size);
        }
    }
    free(parts);
    return code;
}

/* One whole batch of a file for data-parallel runs. */
static int verify_batch(verifier *v, size_t k)
{
    char group[64];
    stepper *s = NULL;
    double losses[1][4];
    int local = 0;
    (void)snprintf(group, sizeof group, "expect_f64_batch%zu", k);
    golden_set set = {.reference = group, .tensorflow = group, .name = "grad_total"};
    int code = load_batch(v, k);
    if (code != LS_OK) {
        return code;
    }
    log_info("batch %zu: %zu samples in %zu shards", k, v->samples,
             (v->samples + v->options->shard_size - 1) / v->options->shard_size);
    restart(v);
    code = verify_logits(v, group, "logits_train", MODEL_ESTIMATE);
    code = code != LS_OK ? code : make_stepper(v, &s, v->file.learning_rate, v->file.l2, 1, v->samples);
    code = code != LS_OK ? code : take_step(v, s, 1, losses[0]);
    code = code != LS_OK ? code : verify_losses(v, group, losses, 1);
    code = code != LS_OK ? code : verify_set(v, &set, "gradient, total", step_gradient(s), NULL);
    set.name = "state_1";
    if (code == LS_OK && v->file.batch_norm) {
        code = verify_set(v, &set, "moving statistics", state_weights(&v->state), state_moving(&v->state));
    }
    stepper_free(s);
    code = code != LS_OK ? code : same_split(v, group, &local);
    if (code == LS_OK && local) {
        set = (golden_set){.reference = group, .name = "local_bn_grad_ce"};
        code = verify_gradient_ce(v, &set, "gradient, local BN", 0);
    }
    return code;
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
static int prepare(verifier *v, const char *path)
{
    size_t largest = 0;
    int code = golden_file_open(&v->file, path);
    code = code != LS_OK ? code : largest_batch(v, &largest);
    code = comm_agree(v->c, code != LS_OK ? code : make_network(v, largest));
    return code != LS_OK ? code : kernel_path_same(v->c, model_isa());
}

static void release(verifier *v)
{
    free_batch(v);
    state_release(&v->state);
    state_release(&v->start);
    free(v->logits);
    free(v->own);
    model_free(v->net);
    pool_free(v->threads);
    golden_file_close(&v->file);
}

int golden_verify(comm *c, const char *path, const golden_options *options, golden_result *out)
{
    *out = (golden_result){.bits = HASH_START, .passed = 1};
    verifier v = {.c = c, .options = options, .out = out};
    int code = prepare(&v, path);
    if (code == LS_OK) {
        log_info("%s: " REAL_NAME "%s, kernels %s, shards of %zu, %d rank%s of %d thread%s; tolerance %g", path,
                 options->precision == PRECISION_MIXED ? " and bf16" : "", model_isa(), options->shard_size,
                 comm_size(c), comm_size(c) == 1 ? "" : "s", options->threads, options->threads == 1 ? "" : "s",
                 options->tolerance);
        restart(&v);
        code = load_batch(&v, 0);
    }
    if (code == LS_OK && !v.file.data_parallel) {
        code = verify_steps(&v);
    }
    for (size_t k = 0; code == LS_OK && v.file.data_parallel && k < v.file.batches; k++) {
        code = verify_batch(&v, k);
    }
    code = comm_agree(c, code);
    code = code != LS_OK ? code : comm_same(c, out->bits, "the hash of all results");
    if (code == LS_OK) {
        log_info("bits %016llx", (unsigned long long)out->bits);
    }
    release(&v);
    return code;
}
