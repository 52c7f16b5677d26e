#include "measure/bench_rig.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "data/order.h"

static const uint64_t seed = 1;

model_options bench_network(const bench_options *o, size_t max_shards)
{
    model_options m = MODEL_OPTIONS_INIT;
    m.height = m.width = o->side;
    m.classes = o->classes;
    m.network = o->network;
    m.shard_size = o->shard_size;
    m.max_shards = max_shards;
    return m;
}

static int make_samples(batch *b, size_t first, const bench_options *o)
{
    const size_t image = o->side * o->side * 3;
    b->images = malloc((b->range.samples * image + 1) * sizeof *b->images);
    b->labels = malloc((b->range.samples + 1) * sizeof *b->labels);
    if (b->images == NULL || b->labels == NULL) {
        return error_set(LS_ENOMEM, "out of memory for %zu images of %zux%zu; use a smaller --batch", b->range.samples,
                         o->side, o->side);
    }
    for (size_t i = 0; i < b->range.samples; i++) {
        const uint64_t pixels = random_stream(RANDOM_BENCH, first + i, 0);
        const uint64_t label = random_stream(RANDOM_BENCH, first + i, 1);
        for (size_t j = 0; j < image; j++) {
            b->images[i * image + j] = (real)random_unit(seed, pixels, j);
        }
        b->labels[i] = (int32_t)random_below(seed, label, 0, o->classes);
    }
    return LS_OK;
}

int bench_rig_open(bench_rig *out, comm *c, const bench_options *o)
{
    const size_t ranks = (size_t)comm_size(c);
    const shard_range range = shard_range_of(o->batch * ranks, o->shard_size, (size_t)comm_rank(c), ranks);
    const model_options m = bench_network(o, range.count);
    step_options step = {.optimizer = o->optimizer, .sync_bn = o->mode == BATCH_NORM_SYNC};
    step.slot_count = optimizer_slots(step.slots, &step.optimizer);
    *out = (bench_rig){.ordinary = {.state = &out->replica.state, .samples.range = range}};
    const int code = replica_create(&out->replica, &m, o->threads, c, &step);
    if (code != LS_OK) {
        return code;
    }
    model_init(&out->replica.state, seed);
    return make_samples(&out->ordinary.samples, range.first_sample, o);
}

void bench_rig_close(bench_rig *r)
{
    free(r->ordinary.samples.labels);
    free(r->ordinary.samples.images);
    free(r->small.samples.images);
    state_release(&r->shrunk);
    replica_release(&r->replica);
    *r = (bench_rig){0};
}

static void scale(real *values, size_t n, double factor)
{
    for (size_t i = 0; i < n; i++) {
        values[i] = (real)((double)values[i] * factor);
    }
}

/*
 * What makes a layer's output about as large as its input, and the gradient on its way back too. `norm` is the mean
 * square sum of a channel's weights for which that was found to hold, over all layers; BatchNorm, whose variance is
 * next to nothing beside epsilon, only takes the mean away when gamma is the root of epsilon.
 */
static double levelling(const tensor_info *t, const real *w)
{
    static const double norm = 1.4;
    const model_options m = MODEL_OPTIONS_INIT;
    double squares = 0;
    if (t->role == TENSOR_GAMMA) {
        return sqrt(m.norm.epsilon);
    }
    for (size_t i = 0; i < t->size; i++) {
        squares += (double)w[i] * (double)w[i];
    }
    const size_t channels = t->role == TENSOR_DEPTHWISE_KERNEL ? t->shape[2] : t->shape[3];
    return sqrt(norm * (double)channels / squares);
}

/* Powers of two: of the smallest normal number, and what pixels are multiplied by. */
enum { SMALLEST = sizeof(real) == sizeof(float) ? FLT_MIN_EXP - 1 : DBL_MIN_EXP - 1, PIXELS = SMALLEST / 2 };

static void shrink_weights(real *weights, const tensor_table *t)
{
    for (size_t i = 0; i < t->count; i++) {
        const tensor_info *info = &t->tensors[i];
        real *w = weights + info->offset;
        if (i == 0) { /* the stem's kernel: with the images, 2^-3 of the smallest normal number */
            scale(w, info->size, ldexp(1, SMALLEST - PIXELS - 3));
        } else if (info->role == TENSOR_DENSE_KERNEL) { /* the loss's gradient is some hundredths */
            scale(w, info->size, ldexp(1, SMALLEST + 6));
        } else if (info->role == TENSOR_CONV_KERNEL || info->role == TENSOR_DEPTHWISE_KERNEL ||
                   info->role == TENSOR_GAMMA) {
            scale(w, info->size, levelling(info, w));
        }
    }
}

int bench_rig_shrink(bench_rig *r, const bench_options *o)
{
    bench_state *s = &r->small;
    const size_t pixels = r->ordinary.samples.range.samples * o->side * o->side * 3;
    const int code = state_create_like(&r->shrunk, &r->replica.state);
    if (code != LS_OK) {
        return code;
    }
    s->state = &r->shrunk;
    model_init(s->state, seed);
    shrink_weights(state_weights(s->state), s->state->table);
    s->samples = r->ordinary.samples;
    s->samples.images = malloc((pixels + 1) * sizeof *s->samples.images);
    if (s->samples.images == NULL) {
        return error_set(LS_ENOMEM, "out of memory for small images; use a smaller --batch");
    }
    memcpy(s->samples.images, r->ordinary.samples.images, pixels * sizeof *s->samples.images);
    scale(s->samples.images, pixels, ldexp(1, PIXELS));
    return LS_OK;
}

size_t bench_rig_memory(const bench_rig *r, const bench_options *o)
{
    const tensor_table *t = model_table(r->replica.net);
    const size_t gradients = step_gradients(t, r->ordinary.samples.range.count);
    const size_t images = r->ordinary.samples.range.samples * o->side * o->side * 3;
    return model_memory(r->replica.net) + (t->weights_size + t->moving_size + gradients + images) * sizeof(real);
}
