#include "model/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/size.h"
#include "model/network.h"
#include "model/private.h"

const tensor_table *model_table(const model *m)
{
    return &m->table;
}

size_t model_memory(const model *m)
{
    return m->memory.size;
}

void model_set_profile(model *m, model_profile *p)
{
    m->profile = p;
}

const char *model_isa(void)
{
    const kernels *k = NULL;
    return kernels_select(&k) == LS_OK ? k->name : "none";
}

size_t model_max_nodes(size_t shards)
{
    size_t bits = 0;
    for (size_t n = shards; n > 0; n /= 2) {
        bits++;
    }
    return shards < 2 * bits ? shards : 2 * bits;
}

/* The next unit, from the map size that the one before it leaves. */
static unit *add_unit(model *m, unit_kind kind, size_t cin, size_t cout, size_t stride, int activation)
{
    unit *u = &m->units[m->unit_count++];
    *u = (unit){.kind = kind, .cin = cin, .cout = cout, .stride = stride, .activation = activation};
    u->height = m->map_height;
    u->width = m->map_width;
    u->batch_norm = m->options.batch_norm;
    if (kind == UNIT_STEM) { /* Keras "same" */
        m->map_height = (m->map_height + 1) / 2;
        m->map_width = (m->map_width + 1) / 2;
    } else if (stride == 2) { /* zero padding ((0,1),(0,1)), then "valid" */
        m->map_height = (m->map_height + 1 - 3) / 2 + 1;
        m->map_width = (m->map_width + 1 - 3) / 2 + 1;
    }
    u->out_height = m->map_height;
    u->out_width = m->map_width;
    return u;
}

static void add_block(model *m, size_t units, int shortcut)
{
    m->blocks[m->block_count++] = (model_block){m->unit_count - units, units, shortcut, NULL, 0};
}

void model_lay_out(model *m)
{
    m->map_height = m->options.height;
    m->map_width = m->options.width;
    add_unit(m, UNIT_STEM, 3, NETWORK_STEM, 2, 1);
    add_unit(m, UNIT_DEPTHWISE, NETWORK_STEM, NETWORK_STEM, 1, 1);
    add_unit(m, UNIT_POINTWISE, NETWORK_STEM, NETWORK_FIRST, 1, 0);
    add_block(m, 3, 0);
    size_t cin = NETWORK_FIRST;
    for (int i = 0; i < NETWORK_ROWS; i++) {
        const network_row *row = &network_rows[i];
        const size_t wide = 6 * row->filters;
        add_unit(m, UNIT_POINTWISE, cin, wide, 1, 1);
        add_unit(m, UNIT_DEPTHWISE, wide, wide, (size_t)row->stride, 1);
        add_unit(m, UNIT_POINTWISE, wide, row->out, 1, 0);
        add_block(m, 3, row->shortcut);
        cin = row->out;
    }
    add_unit(m, UNIT_POINTWISE, cin, NETWORK_HEAD, 1, 1);
    add_block(m, 1, 0);
}

/* Tell each unit where its variables lie; tensors come in the order of the units. */
static void bind(model *m)
{
    size_t at = 0;
    for (size_t i = 0; i < m->unit_count; i++) {
        unit *u = &m->units[i];
        const tensor_info *t = &m->table.tensors[at];
        u->kernel = t[0].offset;
        at++;
        if (u->batch_norm) {
            u->gamma = t[1].offset;
            u->beta = t[2].offset;
            u->mean = t[3].offset;
            u->variance = t[4].offset;
            at += 4;
        }
    }
    m->head = (dense){.features = NETWORK_HEAD, .classes = m->options.classes};
    m->head.kernel = m->table.tensors[at].offset;
    m->head.bias = m->table.tensors[at + 1].offset;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Take all memory from the arena, or count it. */
static void plan(model *m, arena *a)
{
    const size_t shards = m->options.max_shards;
    const size_t size = m->options.shard_size;
    const int training = m->options.training;
    nn_run *run = &m->run;
    size_t inner = 0;
    size_t outer = 0;
    run->scratch_stride = dense_scratch_size(&m->head);
    run->dweights_stride = dense_packed_size(&m->head);
    for (size_t i = 0; i < m->unit_count; i++) {
        unit *u = &m->units[i];
        unit_plan(u, a, shards, size, training);
        size_t *kind = u->activation ? &inner : &outer;
        *kind = larger(*kind, u->z_stride);
        run->scratch_stride = larger(run->scratch_stride, unit_scratch_size(u));
        run->dweights_stride = larger(run->dweights_stride, unit_packed_size(u));
    }
    for (size_t i = 0; i < m->block_count; i++) {
        model_block *b = &m->blocks[i];
        b->stride = m->units[b->first + b->count - 1].z_stride;
        b->out = b->shortcut ? arena_alloc(a, shards * b->stride, sizeof(real)) : NULL;
    }
    dense_plan(&m->head, a, shards, size, training);
    run->scratch_stride = size_round_up(run->scratch_stride, 16);
    run->scratch = arena_alloc(a, (size_t)pool_threads(run->threads) * run->scratch_stride, sizeof(real));
    m->pooled_stride = size_round_up((size_t)NETWORK_HEAD * size, 16);
    m->pooled = arena_alloc(a, shards * m->pooled_stride, sizeof(real));
    m->inner_stride = inner;
    m->outer_stride = outer;
    if (training) {
        run->dweights_stride = size_round_up(run->dweights_stride, 16);
        run->dweights = arena_alloc(a, shards * run->dweights_stride, sizeof(real));
        m->dpooled = arena_alloc(a, shards * m->pooled_stride, sizeof(real));
        for (int i = 0; i < 2; i++) {
            m->inner[i] = arena_alloc(a, shards * inner, sizeof(real));
            m->outer[i] = arena_alloc(a, shards * outer, sizeof(real));
        }
    }
}

int model_create(model **out, const model_options *options, pool *p)
{
    *out = NULL;
    if (options->height < 32 || options->width < 32 || options->classes < 2 || options->shard_size < 1) {
        return error_set(LS_EUSAGE, "a model needs an input of at least 32x32 and 2 classes; got %zux%zu and %zu",
                         options->height, options->width, options->classes);
    }
    model *m = calloc(1, sizeof *m);
    if (m == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the model");
    }
    m->options = *options;
    m->run.threads = p;
    m->run.shard_size = options->shard_size;
    m->norm = (unit_norm){options->momentum, options->epsilon, options->unbiased_variance};
    int code = kernels_select(&m->run.k);
    if (code == LS_OK) {
        code = model_describe(&m->table, options->classes, options->batch_norm);
    }
    if (code == LS_OK) {
        model_lay_out(m);
        bind(m);
        arena counting = arena_plan();
        plan(m, &counting);
        code = arena_init(&m->memory, counting.used);
    }
    if (code != LS_OK) {
        model_free(m);
        return code;
    }
    plan(m, &m->memory);
    *out = m;
    return LS_OK;
}

void model_free(model *m)
{
    if (m == NULL) {
        return;
    }
    arena_release(&m->memory);
    tensor_table_release(&m->table);
    free(m);
}

void model_batch_statistics(const model *m, double *out)
{
    for (size_t i = 0; i < m->unit_count; i++) {
        const unit *u = &m->units[i];
        if (u->batch_norm) {
            memcpy(out + u->mean, u->batch_mean, u->cout * sizeof *out);
            memcpy(out + u->variance, u->batch_variance, u->cout * sizeof *out);
        }
    }
}

void model_finish_gradient(const model *m, int synchronized, real *grad)
{
    for (size_t i = 0; synchronized && i < m->unit_count; i++) {
        unit_finish_gradient(&m->units[i], grad);
    }
}
