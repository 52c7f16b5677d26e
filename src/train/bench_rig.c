#include "train/bench_rig.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/random.h"
#include "data/order.h"
#include "tensor/variables.h"

static const uint64_t seed = 1;
static const double learning_rate = 0.1; /* the configuration's default */

static int make_network(bench_rig *r, comm *c, const bench_options *o)
{
    model_options m = MODEL_OPTIONS_INIT;
    const step_options step = {.learning_rate = learning_rate, .l2 = o->l2, .sync_bn = o->sync_bn};
    m.height = m.width = o->side;
    m.classes = o->classes;
    m.batch_norm = o->batch_norm;
    m.mixed = o->mixed;
    m.shard_size = o->shard_size;
    m.max_shards = r->samples.shards;
    int code = pool_create(&r->threads, o->threads);
    if (code == LS_OK) {
        code = model_create(&r->net, &m, r->threads);
    }
    if (code == LS_OK) {
        code = stepper_create(&r->steps, r->net, c, &step, m.max_shards);
    }
    if (code == LS_OK) {
        code = variables_create(&r->memory, model_table(r->net), &r->weights, &r->moving);
    }
    if (code == LS_OK) {
        model_init(model_table(r->net), r->weights, r->moving, seed);
    }
    return code;
}

static int make_samples(batch *b, size_t first, const bench_options *o)
{
    const size_t image = o->side * o->side * 3;
    b->images = malloc((b->samples * image + 1) * sizeof *b->images);
    b->labels = malloc((b->samples + 1) * sizeof *b->labels);
    if (b->images == NULL || b->labels == NULL) {
        return error_set(LS_ENOMEM, "out of memory for %zu images of %zux%zu; use a smaller --batch", b->samples,
                         o->side, o->side);
    }
    for (size_t i = 0; i < b->samples; i++) {
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
    const order_part part = order_part_of(o->batch * ranks, o->shard_size, (size_t)comm_rank(c), ranks);
    *out = (bench_rig){.samples = {.samples = part.samples,
                                   .shards = part.shards,
                                   .first_shard = part.first_shard,
                                   .total_shards = part.total_shards,
                                   .total = o->batch * ranks}};
    const int code = make_network(out, c, o);
    return code != LS_OK ? code : make_samples(&out->samples, part.first_sample, o);
}

void bench_rig_close(bench_rig *r)
{
    free(r->samples.labels);
    free(r->samples.images);
    arena_release(&r->memory);
    stepper_free(r->steps);
    model_free(r->net);
    pool_free(r->threads);
    *r = (bench_rig){0};
}

size_t bench_rig_memory(const bench_rig *r, const bench_options *o)
{
    const tensor_table *t = model_table(r->net);
    const size_t gradients = step_gradients(t, r->samples.shards);
    const size_t images = r->samples.samples * o->side * o->side * 3;
    return model_memory(r->net) + (t->weights_size + t->moving_size + gradients + images) * sizeof(real);
}
