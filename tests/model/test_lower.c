#include <string.h>

#include "base/error.h"
#include "model/private.h"
#include "suite.h"

static size_t add(graph *g, graph_node node)
{
    node.inputs[0] = g->count == 0 ? 0 : g->count - 1;
    return graph_append(g, node);
}

static size_t conv(graph *g, size_t side, size_t stride, size_t filters)
{
    return add(g, (graph_node){.op = GRAPH_CONV, .side = side, .stride = stride, .filters = filters});
}

static void begin(model *m)
{
    *m = (model){.options = MODEL_OPTIONS_INIT};
    (void)add(&m->net, (graph_node){.op = GRAPH_INPUT, .shape = {32, 32, 3}});
}

static int lower(model *m)
{
    ck_assert_int_eq(m->net.code, LS_OK);
    ck_assert_int_eq(graph_variables(&m->table, &m->net), LS_OK);
    return model_lower(m);
}

/* The gradient of each layer's output is not written over while someone still reads it. */
static void expect_slots(const model *m)
{
    const model_layer *holds[2][MODEL_SLOTS] = {{0}};
    for (size_t i = m->layer_count; i-- > 0;) {
        const model_layer *layer = &m->layers[i];
        ck_assert_int_lt(layer->slot, m->gradients[layer->u.activation].count);
        holds[layer->u.activation][layer->slot] = layer; /* written by the layer above, which reads: */
        if (i + 1 < m->layer_count) {
            ck_assert_ptr_eq(holds[layer[1].u.activation][layer[1].slot], &layer[1]);
            if (layer->add_to != MODEL_NONE) {
                const model_layer *sum = &m->layers[layer->add_to];
                ck_assert_ptr_eq(holds[sum->u.activation][sum->slot], sum);
            }
        }
    }
}

START_TEST(mobilenet_v2_is_52_layers)
{
    model m = {.options = MODEL_OPTIONS_INIT};
    size_t shortcuts = 0;
    ck_assert_int_eq(model_lay_out(&m), LS_OK);
    ck_assert_uint_eq(m.layer_count, 52);
    ck_assert_uint_eq(m.rows, 52 + 10 + 2);
    ck_assert_uint_eq(m.dense[0].features, 1280);
    ck_assert_int_eq(m.gradients[0].count, 2);
    ck_assert_int_eq(m.gradients[1].count, 2);
    expect_slots(&m);
    for (size_t i = 0; i < m.layer_count; i++) {
        const model_layer *layer = &m.layers[i];
        ck_assert_int_eq(layer->u.batch_norm, 1);
        if (layer->add != MODEL_NONE) {
            ck_assert_int_eq(layer->add, (ptrdiff_t)i - 3);
            ck_assert_int_eq(m.layers[layer->add].add_to, (ptrdiff_t)i);
            shortcuts++;
        }
    }
    ck_assert_uint_eq(shortcuts, 10);
    model_drop(&m);
}
END_TEST

/* Shortcuts of other lengths, one within another, and layers with and without BatchNorm and ReLU6. */
START_TEST(another_network)
{
    model m;
    begin(&m);
    (void)conv(&m.net, 3, 2, 8);
    const size_t outer = add(&m.net, (graph_node){.op = GRAPH_BATCH_NORM});
    const size_t inner = conv(&m.net, 1, 1, 8);
    (void)add(&m.net, (graph_node){.op = GRAPH_DEPTHWISE, .side = 3, .stride = 1});
    (void)add(&m.net, (graph_node){.op = GRAPH_ADD, .inputs = {0, inner}});
    (void)conv(&m.net, 1, 1, 8);
    (void)add(&m.net, (graph_node){.op = GRAPH_ADD, .inputs = {0, outer}});
    (void)conv(&m.net, 1, 1, 24);
    (void)add(&m.net, (graph_node){.op = GRAPH_RELU6});
    (void)add(&m.net, (graph_node){.op = GRAPH_MEAN});
    (void)add(&m.net, (graph_node){.op = GRAPH_DENSE, .filters = 3});
    ck_assert_int_eq(lower(&m), LS_OK);
    ck_assert_uint_eq(m.layer_count, 5);
    ck_assert_int_eq(m.layers[0].u.batch_norm, 1);
    ck_assert_int_eq(m.layers[1].u.batch_norm, 0);
    ck_assert_int_eq(m.layers[2].add, 1);
    ck_assert_int_eq(m.layers[3].add, 0);
    ck_assert_int_eq(m.layers[4].u.activation, 1);
    ck_assert_uint_eq(m.layers[4].row, 6);
    ck_assert_uint_eq(m.rows, 5 + 2 + 2);
    ck_assert_int_eq(m.gradients[0].count, 3);
    expect_slots(&m);
    ck_assert_uint_eq(m.dense[0].features, 24);
    ck_assert_uint_eq(m.layers[1].u.kernel, 27 * 8 + 2 * 8);
    model_drop(&m);
}
END_TEST

static void refused(model *m, const char *layer)
{
    ck_assert_int_eq(lower(m), LS_EUSAGE);
    ck_assert_msg(strstr(error_message(), layer) != NULL, "%s", error_message());
    model_drop(m);
}

/* What no kernel computes is named, and never computed as something else. */
START_TEST(what_there_are_no_kernels_for)
{
    model m;
    begin(&m);
    (void)conv(&m.net, 5, 2, 8);
    refused(&m, "conv2d");
    begin(&m);
    (void)conv(&m.net, 3, 2, 8);
    (void)conv(&m.net, 3, 1, 8);
    refused(&m, "conv2d_1");
    begin(&m);
    (void)conv(&m.net, 3, 2, 8);
    (void)add(&m.net, (graph_node){.op = GRAPH_DEPTHWISE, .side = 3, .stride = 2}); /* its padding is another */
    refused(&m, "depthwise_conv2d");
    begin(&m);
    (void)conv(&m.net, 3, 2, 8);
    (void)add(&m.net, (graph_node){.op = GRAPH_ZERO_PADDING});
    (void)conv(&m.net, 1, 1, 8);
    refused(&m, "conv2d_1");
    begin(&m);
    (void)conv(&m.net, 3, 2, 8);
    (void)add(&m.net, (graph_node){.op = GRAPH_RELU6});
    (void)add(&m.net, (graph_node){.op = GRAPH_BATCH_NORM});
    refused(&m, "batch_normalization");
    begin(&m);
    (void)conv(&m.net, 3, 2, 8);
    (void)conv(&m.net, 1, 1, 8);
    (void)graph_append(&m.net, (graph_node){.op = GRAPH_RELU6, .inputs = {1}}); /* not what comes before it */
    refused(&m, "re_lu");
    begin(&m);
    (void)conv(&m.net, 3, 2, 8);
    (void)add(&m.net, (graph_node){.op = GRAPH_MEAN});
    refused(&m, "dense");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("lower");
    tcase_add_test(cases, mobilenet_v2_is_52_layers);
    tcase_add_test(cases, another_network);
    tcase_add_test(cases, what_there_are_no_kernels_for);
    return suite_run("lower", cases);
}
