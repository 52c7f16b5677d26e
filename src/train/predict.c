#include "train/predict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pool.h"
#include "model/plan.h"
#include "store/checkpoint.h"
#include "train/memory_check.h"

struct predictor {
    predict_options options;
    pool *threads;
    model *net;
    real *weights, *moving;
    real *input;    /* [height][width][3] */
    real *logits;   /* [classes] */
    double *scores; /* [classes] */
    resize_space space;
};

/* The weights are small beside it. */
static int check_memory(const model_options *m, int threads)
{
    model_memory_plan plan;
    int code = model_check(m);
    if (code == LS_OK) {
        code = model_plan(&plan, m, threads);
    }
    if (code != LS_OK) {
        return code;
    }
    const memory_need need = {.planned = plan.total};
    return memory_check(NULL, &need, "use fewer --threads");
}

static int load(predictor *p, const char *checkpoint)
{
    const predict_options *o = &p->options;
    const model_options m = {
        .height = o->height,
        .width = o->width,
        .classes = o->classes,
        .batch_norm = o->batch_norm,
        .epsilon = o->epsilon,
        .shard_size = 1,
        .max_shards = 1,
        .mixed = o->mixed,
    };
    int code = check_memory(&m, o->threads);
    if (code == LS_OK) {
        code = pool_create(&p->threads, o->threads);
    }
    if (code == LS_OK) {
        code = model_create(&p->net, &m, p->threads);
    }
    if (code != LS_OK) {
        return code;
    }
    const tensor_table *t = model_table(p->net);
    p->weights = calloc(t->weights_size + 1, sizeof *p->weights);
    p->moving = calloc(t->moving_size + 1, sizeof *p->moving);
    p->input = calloc(o->height * o->width * 3, sizeof *p->input);
    p->logits = calloc(o->classes, sizeof *p->logits);
    p->scores = calloc(o->classes, sizeof *p->scores);
    if (p->weights == NULL || p->moving == NULL || p->input == NULL || p->logits == NULL || p->scores == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the network");
    }
    const int read = checkpoint_read(checkpoint, t, p->weights, p->moving);
    if (read == LS_OK && o->moving != NULL) {
        memcpy(p->moving, o->moving, t->moving_size * sizeof *p->moving);
    }
    return read;
}

int predictor_create(predictor **out, const char *checkpoint, const predict_options *options)
{
    *out = NULL;
    predictor *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the network");
    }
    p->options = *options;
    const int code = load(p, checkpoint);
    if (code != LS_OK) {
        predictor_free(p);
        return code;
    }
    *out = p;
    return LS_OK;
}

void predictor_free(predictor *p)
{
    if (p == NULL) {
        return;
    }
    model_free(p->net);
    pool_free(p->threads);
    resize_space_release(&p->space);
    free(p->weights);
    free(p->moving);
    free(p->input);
    free(p->logits);
    free(p->scores);
    free(p);
}

int predict_image(predictor *p, const image *picture, double *probabilities)
{
    const predict_options *o = &p->options;
    const resize_box box = resize_fit_box(o->fit, picture->width, picture->height, o->width, o->height);
    const model_batch b = {
        .images = p->input, .samples = 1, .shards = 1, .first_shard = 0, .total_shards = 1, .total = 1};
    int code = resize_picture(p->input, o->width, o->height, picture, box, false, o->scale, &p->space);
    if (code == LS_OK) {
        code = model_forward(p->net, p->weights, p->moving, &b, MODEL_INFER, NULL, p->logits);
    }
    if (code != LS_OK) {
        return code;
    }
    for (size_t i = 0; i < o->classes; i++) {
        p->scores[i] = (double)p->logits[i];
    }
    predict_softmax(probabilities, p->scores, o->classes);
    return LS_OK;
}

void predict_softmax(double *out, const double *logits, size_t n)
{
    double largest = -INFINITY;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        largest = logits[i] > largest ? logits[i] : largest;
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = exp(logits[i] - largest);
        sum += out[i];
    }
    for (size_t i = 0; i < n; i++) {
        out[i] /= sum;
    }
}

void predict_rank(size_t *order, size_t top, const double *probabilities, size_t n)
{
    for (size_t k = 0; k < top && k < n; k++) {
        size_t best = n;
        for (size_t i = 0; i < n; i++) {
            size_t taken = 0;
            while (taken < k && order[taken] != i) {
                taken++;
            }
            if (taken == k && (best == n || probabilities[i] > probabilities[best])) {
                best = i;
            }
        }
        order[k] = best;
    }
}
