#include "model/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/network.h"
#include "model/private.h"

const tensor_table *model_table(const model *m)
{
    return &m->table;
}

pool *model_threads(const model *m)
{
    return m->run.threads;
}

size_t model_memory(const model *m)
{
    return m->memory.size;
}

void model_set_profile(model *m, model_profile *p)
{
    m->profile = p;
}

const char *model_kernels(const model *m)
{
    return m->run.k->name;
}

const char *model_isa(void)
{
    const kernels *k = NULL;
    return kernels_select(&k, KERNEL_STORE_REAL, NULL) == LS_OK ? k->name : "none";
}

kernel_storage model_storage(const model_options *o)
{
    return o->network.precision == PRECISION_MIXED ? KERNEL_STORE_BF16 : KERNEL_STORE_REAL;
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
    u->batch_norm = m->options.network.batch_norm;
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
    m->head = (dense){.features = NETWORK_HEAD, .classes = m->options.classes};
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
    m->head.kernel = m->table.tensors[at].offset;
    m->head.bias = m->table.tensors[at + 1].offset;
}

int model_check(const model_options *options)
{
    const kernels *k = NULL;
    if (options->height < 32 || options->width < 32 || options->classes < 2 || options->shard_size < 1) {
        return error_set(LS_EUSAGE, "a model needs an input of at least 32x32 and 2 classes; got %zux%zu and %zu",
                         options->height, options->width, options->classes);
    }
    return kernels_select(&k, model_storage(options), options->kernels);
}

int model_create(model **out, const model_options *options, pool *p)
{
    model_memory_plan taken;
    *out = NULL;
    int code = model_check(options);
    if (code != LS_OK) {
        return code;
    }
    model *m = calloc(1, sizeof *m);
    if (m == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the model");
    }
    m->options = *options;
    m->run.threads = p;
    m->run.shard_size = options->shard_size;
    code = kernels_select(&m->run.k, model_storage(options), options->kernels);
    if (code == LS_OK) {
        code = kernels_select(&m->run.plain, KERNEL_STORE_REAL, options->kernels);
    }
    if (code == LS_OK) {
        code = model_describe(&m->table, options->classes, options->network.batch_norm);
    }
    if (code == LS_OK) {
        model_lay_out(m);
        bind(m);
        model_plan(&taken, options, pool_threads(p));
        code = arena_init(&m->memory, taken.total);
    }
    if (code != LS_OK) {
        model_free(m);
        return code;
    }
    model_take_memory(m, &m->memory, pool_threads(p), &taken);
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
