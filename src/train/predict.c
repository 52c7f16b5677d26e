#include "train/predict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "data/augment_sample.h"
#include "model/plan.h"
#include "optim/average.h"
#include "store/checkpoint.h"
#include "train/memory_check.h"
#include "train/replica.h"

enum { SHARD = 4 };

/* Memory of a thread that puts pictures. */
typedef struct putting {
    resize_space space;
    augment_space unused; /* what nothing is done in */
} putting;

struct predictor {
    predict_options options;
    replica replica;
    real *input;     /* [batch][height][width][3] */
    real *logits;    /* [batch][classes] */
    double *scores;  /* [classes] */
    putting *spaces; /* [threads] */
};

/* The weights are small beside it. */
static int check_memory(const model_options *m, int threads)
{
    model_memory_plan plan;
    const int code = model_plan(&plan, m, threads);
    if (code != LS_OK) {
        return code;
    }
    const memory_need need = {.planned = plan.total};
    return memory_check_here(&need, 1, "use a smaller --batch or fewer --threads");
}

static int read_weights(predictor *p, const char *checkpoint)
{
    state whole = {0};
    state_slot slots[STATE_MOST_SLOTS];
    if (p->options.averages == NULL) {
        return checkpoint_read(checkpoint, &p->replica.state);
    }
    const size_t count = average_slots(slots, p->options.averages);
    int code = state_create(&whole, model_table(p->replica.net), slots, count);
    if (code == LS_OK) {
        code = checkpoint_read(checkpoint, &whole);
    }
    if (code == LS_OK) {
        const state averages = average_state(&whole);
        state_copy(&p->replica.state, &averages);
    }
    state_release(&whole);
    return code;
}

static int load(predictor *p, const char *checkpoint)
{
    const predict_options *o = &p->options;
    const model_options m = {
        .height = o->input.height,
        .width = o->input.width,
        .classes = o->classes,
        .network = o->network,
        .norm = o->norm,
        .shard_size = o->batch < SHARD ? 1 : SHARD,
        .max_shards = o->batch < SHARD ? o->batch : (o->batch + SHARD - 1) / SHARD,
    };
    int code = check_memory(&m, o->threads);
    if (code == LS_OK) {
        code = replica_create(&p->replica, &m, o->threads, NULL, NULL);
    }
    if (code != LS_OK) {
        return code;
    }
    p->input = calloc(o->batch * o->input.height * o->input.width * 3, sizeof *p->input);
    p->logits = calloc(o->batch * o->classes, sizeof *p->logits);
    p->scores = calloc(o->classes, sizeof *p->scores);
    p->spaces = calloc((size_t)o->threads, sizeof *p->spaces);
    if (p->input == NULL || p->logits == NULL || p->scores == NULL || p->spaces == NULL) {
        return error_set(LS_ENOMEM, "out of memory for %zu pictures at once; use a smaller --batch", o->batch);
    }
    state *st = &p->replica.state;
    code = read_weights(p, checkpoint);
    if (code == LS_OK && o->moving != NULL) {
        memcpy(state_moving(st), o->moving, st->vectors[STATE_MOVING].size * sizeof *o->moving);
    }
    return code;
}

int predictor_create(predictor **out, const char *checkpoint, const predict_options *options)
{
    *out = NULL;
    predictor *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the network");
    }
    p->options = *options;
    p->options.input = data_options_plain(options->input);
    p->options.batch = options->batch > 0 ? options->batch : 1;
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
    replica_release(&p->replica);
    for (int i = 0; p->spaces != NULL && i < p->options.threads; i++) {
        resize_space_release(&p->spaces[i].space);
        augment_space_release(&p->spaces[i].unused);
    }
    free(p->spaces);
    free(p->input);
    free(p->logits);
    free(p->scores);
    free(p);
}

pool *predictor_threads(const predictor *p)
{
    return p->replica.threads;
}

const data_options *predictor_input(const predictor *p)
{
    return &p->options.input;
}

int predict_put(predictor *p, size_t at, const image *picture, int thread)
{
    const data_options *input = &p->options.input;
    putting *mine = &p->spaces[thread];
    return augment_sample(p->input + at * input->height * input->width * 3, picture, input, (chance_place){0},
                          &mine->space, &mine->unused);
}

int predict_run(predictor *p, size_t count, double *probabilities)
{
    const size_t classes = p->options.classes;
    const size_t shard = p->options.batch < SHARD ? 1 : SHARD;
    const batch b = {.images = p->input, .range = shard_range_of(count, shard, 0, 1)};
    const int code = model_forward(p->replica.net, &p->replica.state, &b, MODEL_INFER, NULL, p->logits);
    for (size_t n = 0; code == LS_OK && n < count; n++) {
        for (size_t i = 0; i < classes; i++) {
            p->scores[i] = (double)p->logits[n * classes + i];
        }
        predict_softmax(probabilities + n * classes, p->scores, classes);
    }
    return code;
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
