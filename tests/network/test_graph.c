#include "network/graph.h"

#include <string.h>

#include "base/error.h"
#include "network/network.h"
#include "suite.h"

static size_t add(graph *g, graph_node node, size_t input)
{
    node.inputs[0] = input;
    return graph_append(g, node);
}

static size_t add_input(graph *g, size_t height, size_t width)
{
    return graph_append(g, (graph_node){.op = GRAPH_INPUT, .shape = {height, width, 3}});
}

static void expect_shape(const graph *g, size_t at, size_t height, size_t width, size_t channels)
{
    const graph_shape *s = &g->nodes[at].shape;
    ck_assert_msg(s->height == height && s->width == width && s->channels == channels, "%s: %zux%zux%zu",
                  g->nodes[at].name, s->height, s->width, s->channels);
}

START_TEST(shapes_follow)
{
    graph g = {0};
    size_t x = add_input(&g, 33, 48);
    x = add(&g, (graph_node){.op = GRAPH_CONV, .side = 3, .stride = 2, .filters = 8}, x);
    expect_shape(&g, x, 17, 24, 8);
    x = add(&g, (graph_node){.op = GRAPH_BATCH_NORM}, x);
    expect_shape(&g, x, 17, 24, 8);
    const size_t start = add(&g, (graph_node){.op = GRAPH_RELU6}, x);
    x = add(&g, (graph_node){.op = GRAPH_DEPTHWISE, .side = 3, .stride = 1}, start);
    x = graph_append(&g, (graph_node){.op = GRAPH_ADD, .inputs = {x, start}});
    expect_shape(&g, x, 17, 24, 8);
    x = add(&g, (graph_node){.op = GRAPH_ZERO_PADDING}, x);
    expect_shape(&g, x, 18, 25, 8);
    x = add(&g, (graph_node){.op = GRAPH_DEPTHWISE, .side = 3, .stride = 2, .padding = GRAPH_VALID}, x);
    expect_shape(&g, x, 8, 12, 8);
    x = add(&g, (graph_node){.op = GRAPH_MEAN}, x);
    expect_shape(&g, x, 1, 1, 8);
    x = add(&g, (graph_node){.op = GRAPH_DENSE, .filters = 5}, x);
    expect_shape(&g, x, 1, 1, 5);
    ck_assert_int_eq(g.code, LS_OK);
    graph_release(&g);
}
END_TEST

START_TEST(names_and_blocks)
{
    graph g = {0};
    size_t x = add_input(&g, 32, 32);
    for (size_t i = 0; i < 12; i++) {
        graph_block(&g, "block%zu", i);
        x = add(&g, (graph_node){.op = GRAPH_RELU6}, x);
    }
    ck_assert_str_eq(g.nodes[0].name, "input_layer");
    ck_assert_str_eq(g.nodes[0].block, "");
    ck_assert_str_eq(g.nodes[1].name, "re_lu");
    ck_assert_str_eq(g.nodes[12].name, "re_lu_11");
    ck_assert_str_eq(g.nodes[12].block, "block11");
    ck_assert_str_eq(graph_class(&g.nodes[12]), "ReLU");
    graph_release(&g);
}
END_TEST

/* The first failure stays, and nothing comes after it. */
START_TEST(what_does_not_fit)
{
    graph g = {0};
    const size_t x = add_input(&g, 2, 2);
    (void)add(&g, (graph_node){.op = GRAPH_DEPTHWISE, .side = 3, .stride = 2, .padding = GRAPH_VALID}, x);
    ck_assert_int_eq(g.code, LS_EUSAGE);
    ck_assert_ptr_nonnull(strstr(error_message(), "depthwise_conv2d"));
    (void)add(&g, (graph_node){.op = GRAPH_RELU6}, x);
    ck_assert_uint_eq(g.count, 1);
    graph_release(&g);
    const size_t y = add_input(&g, 4, 4);
    const size_t z = add(&g, (graph_node){.op = GRAPH_ZERO_PADDING}, y);
    (void)graph_append(&g, (graph_node){.op = GRAPH_ADD, .inputs = {z, y}});
    ck_assert_int_eq(g.code, LS_EUSAGE);
    ck_assert_ptr_nonnull(strstr(error_message(), "different shapes"));
    graph_release(&g);
    (void)add(&g, (graph_node){.op = GRAPH_RELU6}, 0);
    ck_assert_int_eq(g.code, LS_ERROR);
    graph_release(&g);
}
END_TEST

/* Each layer's variables in the order and with the shapes of Keras; a kernel before a BatchNorm has no scale. */
START_TEST(variables)
{
    graph g = {0};
    tensor_table t;
    size_t x = add_input(&g, 32, 32);
    x = add(&g, (graph_node){.op = GRAPH_CONV, .side = 3, .stride = 2, .filters = 8}, x);
    x = add(&g, (graph_node){.op = GRAPH_BATCH_NORM}, x);
    x = add(&g, (graph_node){.op = GRAPH_DEPTHWISE, .side = 3, .stride = 1}, x);
    x = add(&g, (graph_node){.op = GRAPH_MEAN}, x);
    (void)add(&g, (graph_node){.op = GRAPH_DENSE, .filters = 5}, x);
    ck_assert_int_eq(graph_variables(&t, &g), LS_OK);
    ck_assert_uint_eq(t.layer_count, g.count);
    ck_assert_uint_eq(t.count, 1 + 4 + 1 + 2);
    ck_assert_uint_eq(g.nodes[2].variable, 1);
    ck_assert_uint_eq(g.nodes[3].variable, 5);
    ck_assert_int_eq(t.tensors[0].scale_invariant, 1);
    ck_assert_int_eq(t.tensors[5].scale_invariant, 0);
    ck_assert_int_eq(t.tensors[4].role, TENSOR_MOVING_VARIANCE);
    ck_assert_str_eq(t.tensors[5].layer, "depthwise_conv2d");
    ck_assert_uint_eq(t.tensors[5].size, 3 * 3 * 8);
    ck_assert_uint_eq(t.weights_size, 27 * 8 + 2 * 8 + 9 * 8 + 8 * 5 + 5);
    ck_assert_uint_eq(t.moving_size, 2 * 8);
    tensor_table_release(&t);
    graph_release(&g);
}
END_TEST

/* Parameters of keras.applications.MobileNetV2(include_top=False), all and trainable; the dense layer is beside them.
 */
START_TEST(parameters_of_mobilenet_v2)
{
    static const struct {
        double alpha;
        size_t all, trained, features;
    } widths[] = {{0.35, 410208, 396128, 1280}, {0.5, 706224, 687680, 1280}, {0.75, 1382064, 1355424, 1280},
                  {0, 2257984, 2223872, 1280},  {1, 2257984, 2223872, 1280}, {1.3, 3766048, 3721792, 1664},
                  {1.4, 4363712, 4315776, 1792}};
    tensor_table t;
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        const network_spec o = {.classes = 10, .options = {.batch_norm = true, .alpha = widths[i].alpha}};
        ck_assert_int_eq(network_describe(&t, &o), LS_OK);
        const size_t dense = t.tensors[t.count - 2].size + t.tensors[t.count - 1].size;
        ck_assert_uint_eq(dense, widths[i].features * 10 + 10);
        ck_assert_uint_eq(t.weights_size + t.moving_size - dense, widths[i].all);
        ck_assert_uint_eq(t.weights_size - dense, widths[i].trained);
        ck_assert_uint_eq(t.count, 52 * 5 + 2);
        ck_assert_str_eq(t.tensors[t.count - 3].layer, "batch_normalization_51");
        ck_assert_str_eq(t.layers[t.layer_count - 1].name, "dense");
        tensor_table_release(&t);
    }
    ck_assert_int_eq(network_describe(&t, &(network_spec){.classes = 10}), LS_OK);
    ck_assert_uint_eq(t.moving_size, 0);
    ck_assert_uint_eq(t.count, 52 + 2);
    tensor_table_release(&t);
}
END_TEST

START_TEST(options_that_it_cannot_have)
{
    network_spec o = {.height = 32, .width = 32, .classes = 2};
    ck_assert_int_eq(network_check(&o), LS_OK);
    o.width = 31;
    ck_assert_int_eq(network_check(&o), LS_EUSAGE);
    o.width = 32;
    o.classes = 1;
    ck_assert_int_eq(network_check(&o), LS_EUSAGE);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("graph");
    tcase_add_test(cases, shapes_follow);
    tcase_add_test(cases, names_and_blocks);
    tcase_add_test(cases, what_does_not_fit);
    tcase_add_test(cases, variables);
    tcase_add_test(cases, parameters_of_mobilenet_v2);
    tcase_add_test(cases, options_that_it_cannot_have);
    return suite_run("graph", cases);
}
