/* MobileNetV2 as the article has it: a stem, inverted residual bottlenecks, a head. All that is known of it is here. */
#include <math.h>

#include "network/network.h"

enum { STEM = 32, HEAD = 1280 };

/* `repeats` bottlenecks of so many channels; the first of them has the stride, the others 1. */
typedef struct row {
    size_t expansion, channels, repeats, stride;
} row;

static const row rows[] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                           {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
enum { ROWS = sizeof rows / sizeof rows[0] };

/* Keras' rule for so many channels, wider or narrower: a multiple of 8, and not below 90 % of what was asked for. */
static size_t widen(size_t channels, double alpha)
{
    const double wanted = (double)channels * alpha;
    const size_t rounded = (size_t)(wanted + 4) / 8 * 8;
    const size_t least = rounded < 8 ? 8 : rounded;
    return (double)least < 0.9 * wanted ? least + 8 : least;
}

typedef struct builder {
    graph *g;
    const network_spec *o;
    size_t end;    /* the node that comes next reads this one */
    size_t blocks; /* bottlenecks so far */
} builder;

static void add(builder *b, graph_node node)
{
    node.inputs[0] = b->end;
    b->end = graph_append(b->g, node);
}

static void add_norm(builder *b)
{
    if (b->o->options.batch_norm) {
        add(b, (graph_node){.op = GRAPH_BATCH_NORM});
    }
}

static void add_conv(builder *b, graph_node conv)
{
    conv.op = GRAPH_CONV;
    add(b, conv);
    add_norm(b);
}

static void add_pointwise(builder *b, size_t filters)
{
    add_conv(b, (graph_node){.side = 1, .stride = 1, .filters = filters});
}

/* Before a convolution of 3×3 that halves its input. */
static void add_padding(builder *b)
{
    const model_padding padding = b->o->options.padding;
    const graph_shape *in = &b->g->nodes[b->end].shape;
    const int all = padding == PADDING_SYMMETRIC;
    const int odd = padding == PADDING_KERAS;
    add(b, (graph_node){.op = GRAPH_ZERO_PADDING,
                        .above = all || (odd && in->height % 2 == 1) ? 1 : 0,
                        .left = all || (odd && in->width % 2 == 1) ? 1 : 0});
}

static void add_stem(builder *b, size_t filters)
{
    const int padded = b->o->options.padding == PADDING_SYMMETRIC;
    if (padded) {
        add_padding(b);
    }
    add_conv(b, (graph_node){.side = 3, .stride = 2, .padding = padded ? GRAPH_VALID : GRAPH_SAME, .filters = filters});
}

static void add_relu6(builder *b)
{
    add(b, (graph_node){.op = GRAPH_RELU6});
}

static void add_depthwise(builder *b, size_t stride)
{
    if (stride == 2) {
        add_padding(b);
    }
    add(b, (graph_node){
               .op = GRAPH_DEPTHWISE, .side = 3, .stride = stride, .padding = stride == 2 ? GRAPH_VALID : GRAPH_SAME});
    add_norm(b);
    add_relu6(b);
}

/* in: channels of its input. Where the output has the input's shape it is added to it. */
static void add_bottleneck(builder *b, size_t in, size_t expansion, size_t channels, size_t stride)
{
    const size_t start = b->end;
    b->blocks++;
    if (expansion > 1) {
        graph_block(b->g, "block%zu.expand", b->blocks);
        add_pointwise(b, expansion * in);
        add_relu6(b);
    }
    graph_block(b->g, "block%zu.depthwise", b->blocks);
    add_depthwise(b, stride);
    graph_block(b->g, "block%zu.project", b->blocks);
    add_pointwise(b, channels);
    if (stride == 1 && in == channels) {
        graph_block(b->g, "block%zu.shortcut", b->blocks);
        add(b, (graph_node){.op = GRAPH_ADD, .inputs = {0, start}});
    }
}

/* How often a row's block is repeated. */
static size_t repeats_of(const row *r, const network_options *o)
{
    const int end = r == &rows[0] || r == &rows[ROWS - 1];
    return o->fixed_ends && end ? r->repeats : (size_t)ceil((double)r->repeats * network_depth(o));
}

static void build(graph *g, const network_spec *o)
{
    const network_options *options = &o->options;
    const double alpha = network_width(options);
    const double ends = options->fixed_ends ? 1 : alpha;
    builder b = {.g = g, .o = o};
    size_t channels = widen(STEM, ends);
    graph_block(g, "stem");
    add(&b, (graph_node){.op = GRAPH_INPUT, .shape = {o->height, o->width, 3}});
    add_stem(&b, channels);
    add_relu6(&b);
    for (size_t i = 0; i < ROWS; i++) {
        const size_t out = widen(rows[i].channels, alpha);
        for (size_t k = 0; k < repeats_of(&rows[i], options); k++) {
            add_bottleneck(&b, channels, rows[i].expansion, out, k == 0 ? rows[i].stride : 1);
            channels = out;
        }
    }
    graph_block(g, "head");
    add_pointwise(&b, widen(HEAD, ends < 1 ? 1 : ends));
    add_relu6(&b);
    graph_block(g, "pool");
    add(&b, (graph_node){.op = GRAPH_MEAN});
    if (options->head_units > 0) {
        graph_block(g, "hidden");
        add(&b, (graph_node){.op = GRAPH_DENSE, .filters = options->head_units, .relu = 1});
    }
    graph_block(g, "dense");
    add(&b, (graph_node){.op = GRAPH_DENSE, .filters = o->classes});
}

const network mobilenet_v2 = {.name = "MobileNetV2", .least_side = 32, .build = build};
