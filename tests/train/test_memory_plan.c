#include "train/memory_plan.h"

#include "base/error.h"
#include "suite.h"

static session_options options_of(size_t samples)
{
    return (session_options){.data = {.file = "no such file", .height = 64, .width = 64},
                             .network = {.batch_norm = true},
                             .order = {.batch = samples, .shard_size = 4},
                             .train = {.threads = 2},
                             .training = true,
                             .split = DATASET_VAL};
}

START_TEST(sums_up)
{
    const session_options o = options_of(32);
    memory_plan p;
    tensor_table t;
    ck_assert_int_eq(memory_plan_of(&p, &o, 10, 1), LS_OK);
    ck_assert_int_eq(network_describe(&t, &(network_spec){.classes = 10, .options.batch_norm = true}), LS_OK);
    ck_assert_uint_eq(p.total, p.network.total + p.gradients + p.weights + p.images);
    ck_assert_uint_eq(p.gradients % (t.weights_size * sizeof(real)), 0);
    ck_assert_uint_ge(p.weights, (t.weights_size + t.moving_size) * sizeof(real));
    ck_assert_uint_ge(p.images, 2 * 3 * 32 * (64 * 64 * 3 * sizeof(real) + sizeof(int32_t)));
    tensor_table_release(&t);
}
END_TEST

/* More ranks share the batch; the one with the most shards counts. */
START_TEST(of_the_rank_that_needs_most)
{
    const session_options o = options_of(36);
    memory_plan one;
    memory_plan two;
    memory_plan eight;
    ck_assert_int_eq(memory_plan_of(&one, &o, 10, 1), LS_OK);
    ck_assert_int_eq(memory_plan_of(&two, &o, 10, 2), LS_OK);
    ck_assert_int_eq(memory_plan_of(&eight, &o, 10, 8), LS_OK);
    /* Sanitizers put gaps between pieces, so not to the byte. */
    const double whole = (double)one.network.activations;
    ck_assert_double_eq_tol((double)two.network.activations / whole, 5.0 / 9, 1e-3);
    ck_assert_double_eq_tol((double)eight.network.activations / whole, 2.0 / 9, 1e-3);
    ck_assert_uint_eq(two.weights, one.weights);
}
END_TEST

/* The largest size of any epoch counts. */
START_TEST(of_the_largest_pictures)
{
    session_options o = options_of(32);
    memory_plan plain;
    memory_plan smaller;
    memory_plan larger;
    ck_assert_int_eq(memory_plan_of(&plain, &o, 10, 1), LS_OK);
    o.data.resolution = (resolution_options){.first = 32, .until = 3};
    ck_assert_int_eq(memory_plan_of(&smaller, &o, 10, 1), LS_OK);
    ck_assert_uint_eq(smaller.total, plain.total); /* validation has it */
    o.data.resolution.last = 128;
    ck_assert_int_eq(memory_plan_of(&larger, &o, 10, 1), LS_OK);
    ck_assert_double_eq_tol((double)larger.network.activations / (double)plain.network.activations, 4, 1e-2);
    ck_assert_double_eq_tol((double)larger.images / (double)plain.images, 2.5, 1e-2);
    o.training = false;
    ck_assert_int_eq(memory_plan_of(&smaller, &o, 10, 1), LS_OK);
    ck_assert_uint_lt(smaller.images, plain.images);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("memory_plan");
    tcase_add_test(cases, sums_up);
    tcase_add_test(cases, of_the_rank_that_needs_most);
    tcase_add_test(cases, of_the_largest_pictures);
    return suite_run("memory_plan", cases);
}
