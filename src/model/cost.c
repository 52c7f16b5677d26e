#include "model/cost.h"

#include <stdio.h>

#include "model/network.h"
#include "model/private.h"

typedef struct list {
    model_cost *out;
    size_t count;
} list;

const char *cost_kind_name(cost_kind kind)
{
    static const char *const names[COST_KINDS] = {"stem", "pointwise", "depthwise", "shortcut", "pool", "dense"};
    return names[kind];
}

static double area(size_t height, size_t width, size_t channels)
{
    return (double)height * (double)width * (double)channels;
}

/* Bytes of an element between layers. */
static double stored(const model *m)
{
    return (double)kernel_stored_size(model_storage(&m->options));
}

/* Bytes of an element of a unit's input: images are `real`. */
static double stored_input(const model *m, const unit *u)
{
    return u->kind == UNIT_STEM ? (double)sizeof(real) : stored(m);
}

/* Elements of one sample of a unit's output. */
static double output_size(const unit *u)
{
    return area(u->out_height, u->out_width, u->cout);
}

static double input_size(const unit *u)
{
    return area(u->height, u->width, u->cin);
}

static double weights_size(const unit *u)
{
    switch (u->kind) {
    case UNIT_STEM: return 27.0 * (double)u->cout;
    case UNIT_DEPTHWISE: return 9.0 * (double)u->cout;
    default: return (double)u->cin * (double)u->cout;
    }
}

/* Every weight meets every pixel of the output map once; a depthwise one only those of its own channel. */
static double forward_flops(const unit *u)
{
    return 2 * weights_size(u) * (double)u->out_height * (double)u->out_width;
}

/* The epilogue of a gradient reads the raw tensor for the mask and for BatchNorm's sums (unit_epilogue). */
static int epilogue_reads(const unit *u)
{
    return u->batch_norm || u->activation;
}

/* below: the unit before, NULL for the first; summed: u reads a stored block output instead of below's z. */
static double backward_bytes(const model *m, const unit *u, const unit *below, int summed, int shortcut)
{
    const double in = input_size(u);
    double elements = output_size(u) * (u->batch_norm ? 2 : 1); /* dy, z */
    if (below != NULL) {
        elements += in;                                       /* dx */
        elements += summed && epilogue_reads(below) ? in : 0; /* below's z is another tensor than the input */
        elements += shortcut ? in : 0;                        /* added to dx */
    }
    return elements * stored(m) + in * stored_input(m, u); /* the latter for the weight gradient */
}

static model_cost *add(list *l, cost_kind kind, size_t row)
{
    model_cost *c = &l->out[l->count++];
    *c = (model_cost){.kind = kind, .row = row, .stride = 1};
    return c;
}

static void name_unit(model_cost *c, const model *m, const unit *u, size_t block)
{
    const int project = u->kind == UNIT_POINTWISE && !u->activation;
    if (u->kind == UNIT_STEM || m->blocks[block].count == 1) {
        (void)snprintf(c->name, sizeof c->name, "%s", u->kind == UNIT_STEM ? "stem" : "head");
        return;
    }
    (void)snprintf(c->name, sizeof c->name, "block%zu.%s", block + 1,
                   u->kind == UNIT_DEPTHWISE ? "depthwise"
                   : project                 ? "project"
                                             : "expand");
}

static void add_unit(list *l, const model *m, size_t block, size_t j)
{
    static const cost_kind kinds[] = {
        [UNIT_STEM] = COST_STEM, [UNIT_POINTWISE] = COST_POINTWISE, [UNIT_DEPTHWISE] = COST_DEPTHWISE};
    const size_t row = m->blocks[block].first + j;
    const unit *u = &m->units[row];
    const unit *below = row > 0 ? u - 1 : NULL;
    const int summed = j == 0 && block > 0 && m->blocks[block - 1].shortcut;
    model_cost *c = add(l, kinds[u->kind], row);
    name_unit(c, m, u, block);
    c->cin = u->cin;
    c->cout = u->cout;
    c->height = u->out_height;
    c->width = u->out_width;
    c->stride = u->stride;
    c->work[COST_FORWARD] = (cost_work){
        .flops = forward_flops(u),
        .bytes = input_size(u) * stored_input(m, u) + output_size(u) * stored(m),
        .shard_bytes = weights_size(u) * sizeof(real),
    };
    c->work[COST_BACKWARD] = (cost_work){
        .flops = forward_flops(u) * (below != NULL ? 2 : 1), /* nobody asks for the images' gradient */
        .bytes = backward_bytes(m, u, below, summed, j == 0 && m->blocks[block].shortcut),
        .shard_bytes = weights_size(u) * (below != NULL ? 2 : 1) * sizeof(real),
    };
}

/* Reads the block's last z and its input, writes its output; the gradient's addition is part of another kernel. */
static void add_shortcut(list *l, const model *m, size_t block)
{
    const unit *u = &m->units[m->blocks[block].first + m->blocks[block].count - 1];
    model_cost *c = add(l, COST_SHORTCUT, PROFILE_SHORTCUT + block);
    (void)snprintf(c->name, sizeof c->name, "block%zu.shortcut", block + 1);
    c->cin = c->cout = u->cout;
    c->height = u->out_height;
    c->width = u->out_width;
    c->work[COST_FORWARD].bytes = 3 * output_size(u) * stored(m);
}

static void add_head(list *l, const model *m)
{
    const unit *u = &m->units[m->unit_count - 1];
    const double weights = (double)NETWORK_HEAD * (double)m->options.classes;
    const double ends = (double)(NETWORK_HEAD + m->options.classes);
    model_cost *c = add(l, COST_POOL, PROFILE_POOL);
    (void)snprintf(c->name, sizeof c->name, "pool");
    c->cin = c->cout = NETWORK_HEAD;
    c->height = c->width = 1;
    c->work[COST_FORWARD].bytes = output_size(u) * stored(m) + NETWORK_HEAD * sizeof(real);
    c->work[COST_BACKWARD].bytes = output_size(u) * (1 + epilogue_reads(u)) * stored(m) + NETWORK_HEAD * sizeof(real);
    c = add(l, COST_DENSE, PROFILE_DENSE);
    (void)snprintf(c->name, sizeof c->name, "dense");
    c->cin = NETWORK_HEAD;
    c->cout = m->options.classes;
    c->height = c->width = 1;
    c->work[COST_FORWARD] = (cost_work){2 * weights, ends * sizeof(real), weights * sizeof(real)};
    c->work[COST_BACKWARD] = (cost_work){4 * weights, (ends + NETWORK_HEAD) * sizeof(real), 2 * weights * sizeof(real)};
}

size_t model_costs(model_cost *out, const model_options *options)
{
    list l = {out, 0};
    model m = {.options = *options};
    model_lay_out(&m);
    for (size_t i = 0; i < m.block_count; i++) {
        for (size_t j = 0; j < m.blocks[i].count; j++) {
            add_unit(&l, &m, i, j);
        }
        if (m.blocks[i].shortcut) {
            add_shortcut(&l, &m, i);
        }
    }
    add_head(&l, &m);
    return l.count;
}
