/* All memory of a model, in one place: taken from its arena, or counted. */
#include "model/plan.h"

#include "base/error.h"
#include "base/size.h"
#include "model/private.h"

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Book what was taken since *mark under one purpose. */
static void book(size_t *purpose, size_t *mark, const arena *a)
{
    *purpose += a->used - *mark;
    *mark = a->used;
}

/*
 * Places in which outputs take turns that no backward reads: each is free again after the last layer that reads what is
 * in it. With shortcuts of MobileNetV2's kind three are in use at once.
 */
enum { PLACES = 8 };

typedef struct places {
    size_t bytes[PLACES];
    size_t until[PLACES]; /* the layer that reads it last; it is free for later ones */
    size_t count;
} places;

/* A place for an output of layer i, until another has read it: the smallest that is large enough, or the largest. */
static size_t place_for(places *p, size_t bytes, size_t i, size_t until)
{
    size_t best = p->count;
    for (size_t k = 0; k < p->count; k++) {
        const int fits = p->bytes[k] >= bytes;
        const int better = best == p->count || (fits ? p->bytes[best] < bytes || p->bytes[k] < p->bytes[best]
                                                     : p->bytes[k] > p->bytes[best] && p->bytes[best] < bytes);
        if (p->until[k] < i && better) {
            best = k;
        }
    }
    if (best == p->count && p->count < PLACES) {
        p->count++;
    }
    p->bytes[best] = larger(p->bytes[best], bytes);
    p->until[best] = until;
    return best;
}

/* What a layer's convolution, and its addition, write. */
typedef struct layer_places {
    size_t z, sum;
} layer_places;

/* Which layer reads layer i's output last. */
static size_t last_reader(const model_layer *layer, size_t i)
{
    return layer->add_to != MODEL_NONE ? (size_t)layer->add_to : i + 1;
}

static void share_places(const model *m, places *p, layer_places *of, size_t shards, size_t stored)
{
    for (size_t i = 0; i < m->layer_count && !model_layer_stays(m, i); i++) {
        const model_layer *layer = &m->layers[i];
        const size_t bytes = shards * layer->u.z_stride * stored;
        const size_t last = last_reader(layer, i);
        of[i].z = place_for(p, bytes, i, layer->add != MODEL_NONE ? i : last);
        of[i].sum = layer->add != MODEL_NONE ? place_for(p, bytes, i, last) : 0;
    }
}

/* Outputs that stay until backward has read them, and those that take turns. */
static void take_outputs(model *m, arena *a, model_memory_plan *out, size_t *mark)
{
    const size_t shards = m->options.max_shards;
    const size_t stored = kernel_stored_size(model_storage(&m->options));
    layer_places of[MODEL_MOST_LAYERS];
    void *memory[PLACES];
    places p = {.count = 0};
    share_places(m, &p, of, shards, stored);
    for (size_t k = 0; k < p.count; k++) {
        memory[k] = arena_alloc(a, p.bytes[k], 1);
    }
    for (size_t i = 0; i < m->layer_count; i++) {
        model_layer *layer = &m->layers[i];
        const int stays = model_layer_stays(m, i);
        layer->u.z = stays ? arena_alloc(a, shards * layer->u.z_stride, stored) : memory[of[i].z];
        book(&out->activations, mark, a);
        layer->sum = layer->add == MODEL_NONE ? NULL
                     : stays                  ? arena_alloc(a, shards * layer->u.z_stride, stored)
                                              : memory[of[i].sum];
        book(&out->block_outputs, mark, a);
    }
}

static void take_units(model *m, arena *a, model_memory_plan *out, size_t *mark)
{
    const size_t shards = m->options.max_shards;
    nn_run *run = &m->run;
    for (size_t i = 0; i < m->layer_count; i++) {
        unit *u = &m->layers[i].u;
        const int stays = model_layer_stays(m, i);
        unit_plan_output(u, m->options.shard_size);
        unit_plan_kernel(u, a, stays);
        book(&out->packed, mark, a);
        unit_plan_norm(u, a, shards);
        book(&out->batch_norm, mark, a);
        if (stays) {
            size_t *stride = &m->gradients[u->activation].stride;
            *stride = larger(*stride, u->z_stride);
            run->dweights_stride = larger(run->dweights_stride, unit_packed_size(u));
        }
        run->scratch_stride = larger(run->scratch_stride, unit_scratch_size(u));
    }
    take_outputs(m, a, out, mark);
}

static void take_gradients(model_gradients *g, arena *a, size_t shards, size_t stored)
{
    for (int i = 0; i < g->count; i++) {
        g->slots[i] = arena_alloc(a, shards * g->stride, stored);
    }
}

static void take_backward(model *m, arena *a, model_memory_plan *out, size_t *mark)
{
    const size_t shards = m->options.max_shards;
    const size_t stored = kernel_stored_size(model_storage(&m->options));
    nn_run *run = &m->run;
    run->dweights_stride = size_round_up(run->dweights_stride, 16);
    run->dweights = arena_alloc(a, shards * run->dweights_stride, sizeof(real));
    book(&out->weight_gradients, mark, a);
    m->dpooled = arena_alloc(a, shards * m->pooled_stride, sizeof(real));
    book(&out->head, mark, a);
    take_gradients(&m->gradients[1], a, shards, stored);
    book(&out->inner_gradients, mark, a);
    take_gradients(&m->gradients[0], a, shards, stored);
    book(&out->outer_gradients, mark, a);
}

void model_take_memory(model *m, arena *a, int threads, model_memory_plan *out)
{
    const size_t shards = m->options.max_shards;
    const size_t size = m->options.shard_size;
    nn_run *run = &m->run;
    size_t mark = a->used;
    *out = (model_memory_plan){0};
    run->scratch_stride = run->dweights_stride = 0;
    take_units(m, a, out, &mark);
    for (size_t i = 0; i < m->dense_count; i++) {
        dense *d = &m->dense[i];
        run->scratch_stride = larger(run->scratch_stride, dense_scratch_size(d));
        run->dweights_stride = larger(run->dweights_stride, dense_packed_size(d));
        dense_plan(d, a, shards, size, m->options.training);
    }
    book(&out->head, &mark, a);
    run->scratch_stride = size_round_up(run->scratch_stride, 16);
    run->scratch = arena_alloc(a, (size_t)threads * run->scratch_stride, sizeof(real));
    book(&out->scratch, &mark, a);
    m->pooled_stride = size_round_up(nn_padded(m->dense[0].features) * size, 16);
    m->pooled = arena_alloc(a, shards * m->pooled_stride, sizeof(real));
    book(&out->head, &mark, a);
    if (m->options.training) {
        take_backward(m, a, out, &mark);
    }
    out->total = a->used;
}

static int check(const model_options *options)
{
    const kernels *k = NULL;
    const network_spec o = model_network(options);
    const int code = network_check(&o);
    return code == LS_OK ? kernels_select(&k, model_storage(options), options->kernels) : code;
}

static int plan_of(model_memory_plan *out, const model_options *options, int threads)
{
    model m = {.options = *options};
    arena counting = arena_plan();
    *out = (model_memory_plan){0};
    int code = check(options);
    if (code == LS_OK) {
        code = model_lay_out(&m);
    }
    if (code == LS_OK) {
        model_take_memory(&m, &counting, threads, out);
    }
    model_drop(&m);
    return code;
}

int model_plan(model_memory_plan *out, const model_options *options, int threads)
{
    model_memory_plan all = {0};
    model_options thawed = *options;
    thawed.freeze = NULL;
    int code = plan_of(out, options, threads);
    if (code == LS_OK && options->thaws) {
        code = plan_of(&all, &thawed, threads);
    }
    *out = all.total > out->total ? all : *out;
    return code;
}
