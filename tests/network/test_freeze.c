#include "network/freeze.h"

#include <string.h>

#include "base/error.h"
#include "network/network.h"
#include "suite.h"

static graph g;
static tensor_table t;

static void set_up(void)
{
    const network_spec o = {.classes = 3, .options = {.batch_norm = true, .head_units = 8}};
    ck_assert_int_eq(network_build(&g, &o), LS_OK);
    ck_assert_int_eq(graph_variables(&t, &g), LS_OK);
}

static void tear_down(void)
{
    tensor_table_release(&t);
    graph_release(&g);
}

static size_t frozen(void)
{
    size_t count = 0;
    for (size_t i = 0; i < t.count; i++) {
        count += t.tensors[i].frozen != 0;
        ck_assert_int_eq(t.tensors[i].trainable, !t.tensors[i].frozen && t.tensors[i].vector == TENSOR_WEIGHTS);
    }
    return count;
}

static void expect(const char *what, size_t count)
{
    ck_assert_ptr_null(freeze_problem(what));
    ck_assert_msg(freeze_apply(&t, &g, what) == LS_OK, "%s", error_message());
    ck_assert_msg(frozen() == count, "%s: %zu tensors, not %zu", what, frozen(), count);
}

START_TEST(what_is_frozen)
{
    expect("none", 0);
    expect("backbone", 52 * 5);
    expect("until:conv2d", 1);
    expect("until:batch_normalization", 5);
    expect("until:block1", 5 * 3);
    expect("until:block1.depthwise", 5 * 2);
    expect("until:re_lu_2", 5 * 4); /* a layer without variables */
    expect("until:dense", 52 * 5 + 2);
    expect("layers:batch_normalization*", 52 * 4);
    expect("layers:block1*,dense", 5 * (2 + 8 * 3) + 2); /* block1 has two convolutions, block10 to 17 three */
    expect("none", 0);
    ck_assert_int_eq(freeze_apply(&t, &g, NULL), LS_OK);
    ck_assert_uint_eq(frozen(), 0);
}
END_TEST

START_TEST(what_is_no_way_to_freeze)
{
    static const char *const forms[] = {"", "all", "until:", "layers:", "until", "backbone "};
    static const char *const names[] = {"until:conv2d_99", "layers:lstm",   "layers:conv2d,lstm",
                                        "layers:conv2d,",  "until:dense_1", "layers:*"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        ck_assert_ptr_nonnull(freeze_problem(forms[i]));
        ck_assert_int_eq(freeze_apply(&t, &g, forms[i]), LS_EUSAGE);
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ck_assert_ptr_null(freeze_problem(names[i]));
        ck_assert_msg(freeze_apply(&t, &g, names[i]) == LS_EUSAGE, "%s", names[i]);
    }
    ck_assert_ptr_nonnull(strstr(error_message(), "nothing to train"));
}
END_TEST

START_TEST(parts_of_the_weights)
{
    extent parts[400];
    ck_assert_uint_eq(tensor_table_frozen(&t, parts), 0);
    expect("backbone", 52 * 5);
    ck_assert_uint_eq(tensor_table_frozen(&t, parts), 1);
    ck_assert_uint_eq(parts[0].first, 0);
    ck_assert_uint_eq(parts[0].end, t.tensors[t.count - 4].offset);
    expect("layers:conv2d,conv2d_1", 2);
    ck_assert_uint_eq(tensor_table_frozen(&t, parts), 2);
    ck_assert_uint_eq(parts[0].end, t.tensors[0].size);
    ck_assert_uint_gt(parts[1].first, parts[0].end);
}
END_TEST

START_TEST(rates_by_depth)
{
    freeze_set_rates(&t, &g, 0.5);
    ck_assert_double_eq(t.tensors[t.count - 1].rate, 1);      /* dense_1 */
    ck_assert_double_eq(t.tensors[t.count - 3].rate, 0.5);    /* dense */
    ck_assert_double_eq(t.tensors[t.count - 5].rate, 0.25);   /* the last convolution */
    ck_assert_double_eq(t.tensors[t.count - 10].rate, 0.125); /* block17 */
    ck_assert_double_eq(t.tensors[0].rate, 0.125 / (1 << 17));
    freeze_set_rates(&t, &g, 1);
    ck_assert_double_eq(t.tensors[0].rate, 1);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("freeze");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, what_is_frozen);
    tcase_add_test(cases, what_is_no_way_to_freeze);
    tcase_add_test(cases, parts_of_the_weights);
    tcase_add_test(cases, rates_by_depth);
    return suite_run("freeze", cases);
}
