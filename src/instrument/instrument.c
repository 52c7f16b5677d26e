#include "instrument/instrument.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "optim/gradient.h"
#include "optim/growth.h"

struct instrument {
    instrument_setting of; /* but for its start */
    size_t every;          /* updates */
    size_t layers;
    size_t *tensors;      /* owned, as what follows; [layers] */
    real *before, *start; /* [weights_size] */
    double *scratch;      /* [threads][scratch_size] */
    size_t scratch_size;
    double epsilon; /* of the update that is measured */
    instrument_row row;
    bool fresh; /* not taken yet */
};

/* Which tensors, and the most filters of one. */
static size_t find_tensors(instrument *in)
{
    size_t most = 0;
    for (size_t i = 0; i < in->of.table->count; i++) {
        const tensor_info *t = &in->of.table->tensors[i];
        if (filters_invariant(t)) {
            assert(t[TENSOR_TO_GAMMA].role == TENSOR_GAMMA && t[TENSOR_TO_VARIANCE].role == TENSOR_MOVING_VARIANCE);
            in->tensors[in->layers++] = i;
            most = tensor_filters(t) > most ? tensor_filters(t) : most;
        }
    }
    return most;
}

/* The parts of the flat vector that are looked at: kernels and the gammas after them. */
static void keep(const instrument *in, real *to, const real *from, size_t layer)
{
    const tensor_info *t = &in->of.table->tensors[in->tensors[layer]];
    memcpy(to + t->offset, from + t->offset, t->size * sizeof *to);
    memcpy(to + t[TENSOR_TO_GAMMA].offset, from + t[TENSOR_TO_GAMMA].offset, t[TENSOR_TO_GAMMA].size * sizeof *to);
}

int instrument_create(instrument **out, const instrument_setting *of, const instrument_options *i)
{
    *out = NULL;
    if (i->mode == INSTRUMENT_OFF) {
        return LS_OK;
    }
    instrument *in = calloc(1, sizeof *in);
    if (in == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the instrument");
    }
    const size_t weights = of->table->weights_size;
    in->of = *of;
    in->every = i->mode == INSTRUMENT_FULL ? 1 : i->every > 0 ? i->every : INSTRUMENT_EVERY;
    in->tensors = calloc(of->table->count + 1, sizeof *in->tensors);
    in->scratch_size = in->tensors != NULL ? filters_scratch(find_tensors(in)) : 0;
    in->before = calloc(weights + 1, sizeof *in->before);
    in->start = calloc(weights + 1, sizeof *in->start);
    in->scratch = calloc((size_t)pool_threads(of->threads) * in->scratch_size + 1, sizeof *in->scratch);
    in->row.layers = calloc(in->layers + 1, sizeof *in->row.layers);
    if (in->tensors == NULL || in->before == NULL || in->start == NULL || in->scratch == NULL ||
        in->row.layers == NULL) {
        instrument_free(in);
        return error_set(LS_ENOMEM, "out of memory for the instrument");
    }
    if (in->layers == 0) {
        instrument_free(in);
        return LS_OK;
    }
    for (size_t layer = 0; layer < in->layers; layer++) {
        keep(in, in->start, of->start, layer);
    }
    *out = in;
    return LS_OK;
}

void instrument_free(instrument *in)
{
    if (in == NULL) {
        return;
    }
    free(in->tensors);
    free(in->before);
    free(in->start);
    free(in->scratch);
    free(in->row.layers);
    free(in);
}

size_t instrument_memory(const tensor_table *t)
{
    for (size_t i = 0; i < t->count; i++) {
        if (filters_invariant(&t->tensors[i])) {
            return 2 * t->weights_size * sizeof(real);
        }
    }
    return 0;
}

size_t instrument_layers(const instrument *in)
{
    return in == NULL ? 0 : in->layers;
}

const size_t *instrument_tensors(const instrument *in)
{
    return in->tensors;
}

bool instrument_due(const instrument *in, uint64_t step)
{
    if (in == NULL || !gradient_updates_after(in->of.optimizer, step)) {
        return false;
    }
    const uint64_t update = gradient_updates(in->of.optimizer, step);
    return update > 0 && update % in->every == 0;
}

typedef struct measuring {
    instrument *in;
    const real *weights, *grads; /* after the update */
    const double *statistics;
    double decay, gamma_decay;
} measuring;

static void keep_layer(void *context, size_t index, int thread)
{
    const measuring *job = context;
    (void)thread;
    keep(job->in, job->in->before, job->weights, index);
}

void instrument_before(instrument *in, const state *s)
{
    measuring job = {.in = in, .weights = state_weights(s)};
    in->epsilon = state_shrink_epsilon(s->shrink, in->of.epsilon);
    pool_run(in->of.threads, keep_layer, &job, in->layers);
}

/* The last layers are the largest, so they come first: no thread ends with a large one. */
static void measure_layer(void *context, size_t index, int thread)
{
    const measuring *job = context;
    instrument *in = job->in;
    const size_t layer = in->layers - 1 - index;
    const tensor_info *t = &in->of.table->tensors[in->tensors[layer]];
    const filters_update u = {
        .start = in->start + t->offset,
        .before = in->before + t->offset,
        .after = job->weights + t->offset,
        .gradient = job->grads + t->offset,
        .decay = job->decay,
        .gamma = in->before + t[TENSOR_TO_GAMMA].offset,
        .gamma_gradient = job->grads + t[TENSOR_TO_GAMMA].offset,
        .gamma_decay = job->gamma_decay,
        .variance = job->statistics + t[TENSOR_TO_VARIANCE].offset,
        .epsilon = in->epsilon,
    };
    filters_measure(&in->row.layers[layer], t, &u, in->scratch + (size_t)thread * in->scratch_size);
}

void instrument_after(instrument *in, const state *s, const real *grads, const double *statistics, const rate_now *rate)
{
    const optimizer_options *o = in->of.optimizer;
    measuring job = {
        .in = in,
        .weights = state_weights(s),
        .grads = grads,
        .statistics = statistics,
        .decay = growth_asked(o) ? 0 : (double)optimizer_coupled(o, o->decay.follow_rate ? rate->share : 1),
        .gamma_decay = o->decay.norm_and_bias == DECAY_ALL ? (double)optimizer_coupled(o, 1) : 0,
    };
    pool_run(in->of.threads, measure_layer, &job, in->layers);
    in->row.step = s->step;
    in->row.rate = *rate;
    in->fresh = true;
}

const instrument_row *instrument_take(instrument *in)
{
    if (in == NULL || !in->fresh) {
        return NULL;
    }
    in->fresh = false;
    return &in->row;
}
