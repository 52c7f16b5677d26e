/* What other programs call the network's variables, and that a file of one is read back as it was. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "suite.h"

#include "base/error.h"
#include "exchange/names.h"
#include "network/network.h"

static graph g;
static tensor_table table;
static names n;

static void set_up_of(double alpha, double depth, bool fixed_ends)
{
    const network_spec spec = {
        .classes = 3,
        .options = {.batch_norm = true, .alpha = alpha, .depth = depth, .fixed_ends = fixed_ends},
    };
    ck_assert_int_eq(network_build(&g, &spec), LS_OK);
    ck_assert_int_eq(graph_variables(&table, &g), LS_OK);
    ck_assert_int_eq(names_init(&n, &g), LS_OK);
}

static void tear_down(void)
{
    names_release(&n);
    tensor_table_release(&table);
    graph_release(&g);
}

/* The layer that Keras calls so by itself, in a convention. */
static void is_called(const char *layer, names_convention c, const char *expected)
{
    char name[NAMES_SIZE];
    for (size_t i = 0; i < g.count; i++) {
        if (strcmp(g.nodes[i].name, layer) == 0) {
            ck_assert_str_eq(names_layer(name, &n, c, i), expected);
            return;
        }
    }
    ck_abort_msg("no layer %s", layer);
}

START_TEST(of_keras)
{
    set_up_of(1, 1, false);
    is_called("conv2d", NAMES_KERAS, "Conv1");
    is_called("batch_normalization", NAMES_KERAS, "bn_Conv1");
    is_called("depthwise_conv2d", NAMES_KERAS, "expanded_conv_depthwise");
    is_called("batch_normalization_1", NAMES_KERAS, "expanded_conv_depthwise_BN");
    is_called("conv2d_1", NAMES_KERAS, "expanded_conv_project");
    is_called("batch_normalization_2", NAMES_KERAS, "expanded_conv_project_BN");
    is_called("conv2d_2", NAMES_KERAS, "block_1_expand");
    is_called("batch_normalization_3", NAMES_KERAS, "block_1_expand_BN");
    is_called("depthwise_conv2d_16", NAMES_KERAS, "block_16_depthwise");
    is_called("conv2d_33", NAMES_KERAS, "block_16_project");
    is_called("conv2d_34", NAMES_KERAS, "Conv_1");
    is_called("batch_normalization_51", NAMES_KERAS, "Conv_1_bn");
    is_called("dense", NAMES_KERAS, "predictions");
    tear_down();
}
END_TEST

START_TEST(of_torchvision)
{
    set_up_of(1, 1, false);
    is_called("conv2d", NAMES_TORCHVISION, "features.0.0");
    is_called("depthwise_conv2d", NAMES_TORCHVISION, "features.1.conv.0.0");
    is_called("batch_normalization_1", NAMES_TORCHVISION, "features.1.conv.0.1");
    is_called("conv2d_1", NAMES_TORCHVISION, "features.1.conv.1");
    is_called("batch_normalization_2", NAMES_TORCHVISION, "features.1.conv.2");
    is_called("conv2d_2", NAMES_TORCHVISION, "features.2.conv.0.0");
    is_called("depthwise_conv2d_1", NAMES_TORCHVISION, "features.2.conv.1.0");
    is_called("batch_normalization_5", NAMES_TORCHVISION, "features.2.conv.3");
    is_called("batch_normalization_51", NAMES_TORCHVISION, "features.18.1");
    is_called("dense", NAMES_TORCHVISION, "classifier.1");
    tear_down();
}
END_TEST

START_TEST(of_timm)
{
    set_up_of(1.1, 1.2, true);
    is_called("conv2d", NAMES_TIMM, "conv_stem");
    is_called("batch_normalization", NAMES_TIMM, "bn1");
    is_called("depthwise_conv2d", NAMES_TIMM, "blocks.0.0.conv_dw");
    is_called("conv2d_1", NAMES_TIMM, "blocks.0.0.conv_pw");
    is_called("batch_normalization_2", NAMES_TIMM, "blocks.0.0.bn2");
    is_called("conv2d_2", NAMES_TIMM, "blocks.1.0.conv_pw");
    is_called("conv2d_3", NAMES_TIMM, "blocks.1.0.conv_pwl");
    is_called("depthwise_conv2d_3", NAMES_TIMM, "blocks.1.2.conv_dw");
    is_called("depthwise_conv2d_4", NAMES_TIMM, "blocks.2.0.conv_dw");
    is_called("dense", NAMES_TIMM, "classifier");
    tear_down();
}
END_TEST

START_TEST(all_names_differ)
{
    set_up_of(0.35, 1, false);
    char(*all)[NAMES_SIZE] = calloc(table.count, sizeof *all);
    ck_assert_ptr_nonnull(all);
    for (int c = 0; c < NAMES_CONVENTIONS; c++) {
        for (size_t node = 0; node < g.count; node++) {
            for (size_t i = 0; i < table.layers[node].count; i++) {
                const size_t k = table.layers[node].first + i;
                (void)names_variable(all[k], &n, (names_convention)c, node, table.tensors[k].role);
                for (size_t j = 0; j < k; j++) {
                    ck_assert_str_ne(all[j], all[k]);
                }
            }
        }
    }
    free(all);
    tear_down();
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("names");
    tcase_add_test(cases, of_keras);
    tcase_add_test(cases, of_torchvision);
    tcase_add_test(cases, of_timm);
    tcase_add_test(cases, all_names_differ);
    return suite_run("names", cases);
}
