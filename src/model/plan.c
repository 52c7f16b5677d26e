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

static void take_units(model *m, arena *a, model_memory_plan *out, size_t *mark)
{
    const size_t shards = m->options.max_shards;
    const size_t size = m->options.shard_size;
    const size_t stored = kernel_stored_size(model_storage(&m->options));
    nn_run *run = &m->run;
    for (size_t i = 0; i < m->layer_count; i++) {
        model_layer *layer = &m->layers[i];
        unit *u = &layer->u;
        unit_plan_output(u, a, shards, size, stored);
        book(&out->activations, mark, a);
        unit_plan_kernel(u, a, m->options.training);
        book(&out->packed, mark, a);
        unit_plan_norm(u, a, shards);
        book(&out->batch_norm, mark, a);
        layer->sum = layer->add == MODEL_NONE ? NULL : arena_alloc(a, shards * u->z_stride, stored);
        book(&out->block_outputs, mark, a);
        size_t *stride = &m->gradients[u->activation].stride;
        *stride = larger(*stride, u->z_stride);
        run->scratch_stride = larger(run->scratch_stride, unit_scratch_size(u));
        run->dweights_stride = larger(run->dweights_stride, unit_packed_size(u));
    }
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
    run->scratch_stride = dense_scratch_size(&m->head);
    run->dweights_stride = dense_packed_size(&m->head);
    take_units(m, a, out, &mark);
    dense_plan(&m->head, a, shards, size, m->options.training);
    book(&out->head, &mark, a);
    run->scratch_stride = size_round_up(run->scratch_stride, 16);
    run->scratch = arena_alloc(a, (size_t)threads * run->scratch_stride, sizeof(real));
    book(&out->scratch, &mark, a);
    m->pooled_stride = size_round_up(m->head.features * size, 16);
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

int model_plan(model_memory_plan *out, const model_options *options, int threads)
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
