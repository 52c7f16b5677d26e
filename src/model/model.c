#include "model/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/private.h"
#include "network/freeze.h"

const char *model_name(const model *m)
{
    return networks[model_network(&m->options).network]->name;
}

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

void model_set_watcher(model *m, const model_watcher *w)
{
    m->watcher = w;
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

network_spec model_network(const model_options *o)
{
    return (network_spec){.height = o->height, .width = o->width, .classes = o->classes, .options = o->network};
}

int model_lay_out(model *m)
{
    const network_spec o = model_network(&m->options);
    int code = network_build(&m->net, &o);
    if (code == LS_OK) {
        code = graph_variables(&m->table, &m->net);
    }
    if (code == LS_OK) {
        code = freeze_apply(&m->table, &m->net, m->options.freeze);
    }
    if (code == LS_OK && m->options.rate_decay > 0) {
        freeze_set_rates(&m->table, &m->net, m->options.rate_decay);
    }
    return code == LS_OK ? model_lower(m) : code;
}

/* All that follows from the size of the input. */
static void drop_layers(model *m)
{
    free(m->layers);
    m->layers = NULL;
    m->layer_count = m->rows = m->dense_count = 0;
    m->gradients[0] = m->gradients[1] = (model_gradients){0};
    graph_release(&m->net);
}

void model_drop(model *m)
{
    drop_layers(m);
    tensor_table_release(&m->table);
}

int model_create(model **out, const model_options *options, pool *p)
{
    model_memory_plan taken;
    *out = NULL;
    int code = model_plan(&taken, options, pool_threads(p));
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
        code = model_lay_out(m);
    }
    if (code == LS_OK) {
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

/* The variables stay as they are: others refer to their table. */
static int lay_out_again(model *m)
{
    const network_spec o = model_network(&m->options);
    tensor_table same = {0};
    int code = network_build(&m->net, &o);
    if (code == LS_OK) {
        code = graph_variables(&same, &m->net);
        tensor_table_release(&same);
    }
    if (code == LS_OK) {
        code = freeze_apply(&m->table, &m->net, m->options.freeze);
    }
    return code == LS_OK ? model_lower(m) : code;
}

/* By other options, within the memory that there is. */
static int change(model *m, const model_options *options)
{
    model_memory_plan taken;
    const int threads = pool_threads(m->run.threads);
    int code = model_plan(&taken, options, threads);
    if (code == LS_OK && taken.total > m->memory.size) {
        code = error_set(LS_EUSAGE, "an input of %zux%zu needs more memory than was planned for", options->width,
                         options->height);
    }
    if (code != LS_OK) {
        return code;
    }
    m->options = *options;
    drop_layers(m);
    code = lay_out_again(m);
    if (code == LS_OK) {
        arena_reset(&m->memory);
        model_take_memory(m, &m->memory, threads, &taken);
    }
    return code;
}

int model_resize(model *m, size_t height, size_t width)
{
    model_options changed = m->options;
    changed.height = height;
    changed.width = width;
    return height == m->options.height && width == m->options.width ? LS_OK : change(m, &changed);
}

int model_freeze(model *m, const char *what)
{
    model_options changed = m->options;
    changed.freeze = what;
    changed.thaws = 0;
    const int same = what == m->options.freeze ||
                     (what != NULL && m->options.freeze != NULL && strcmp(what, m->options.freeze) == 0);
    return same ? LS_OK : change(m, &changed);
}

void model_free(model *m)
{
    if (m == NULL) {
        return;
    }
    arena_release(&m->memory);
    model_drop(m);
    free(m);
}

void model_batch_statistics(const model *m, double *out)
{
    for (size_t i = 0; i < m->layer_count; i++) {
        const unit *u = &m->layers[i].u;
        if (u->batch_norm) {
            memcpy(out + u->mean, u->batch_mean, u->cout * sizeof *out);
            memcpy(out + u->variance, u->batch_variance, u->cout * sizeof *out);
        }
    }
}

void model_finish_gradient(const model *m, int synchronized, real *grad)
{
    for (size_t i = 0; synchronized && i < m->layer_count; i++) {
        unit_finish_gradient(&m->layers[i].u, grad);
    }
}
