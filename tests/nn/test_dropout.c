#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

#include "nn/dropout.h"

enum { FEATURES = 64, SHARD = 4, SAMPLES = 22, SHARDS = 6, STRIDE = FEATURES * SHARD };

/* What dropout leaves of ones, by sample and feature, where ranks and threads divide the batch so. */
static void apply(real *out, const dropout *d, int ranks, int threads)
{
    for (int rank = 0; rank < ranks; rank++) {
        static real values[SHARDS * STRIDE];
        nn_run run = {.shard_size = SHARD, .range = shard_range_of(SAMPLES, SHARD, (size_t)rank, (size_t)ranks)};
        ck_assert_int_eq(pool_create(&run.threads, threads), 0);
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            values[i] = 1;
        }
        dropout_apply(d, &run, values, FEATURES, STRIDE);
        for (size_t i = 0; i < run.range.samples; i++) {
            const size_t samples = nn_shard_samples(&run, i / SHARD);
            for (size_t f = 0; f < FEATURES; f++) {
                const real *shard = values + i / SHARD * STRIDE;
                out[(run.range.first_sample + i) * FEATURES + f] =
                    shard[(f / KERNEL_BLOCK * samples + i % SHARD) * KERNEL_BLOCK + f % KERNEL_BLOCK];
            }
        }
        pool_free(run.threads);
    }
}

START_TEST(a_share_is_left_out_and_the_rest_grows)
{
    static real out[SAMPLES * FEATURES];
    const dropout d = {.probability = 0.25, .seed = 3, .step = 7};
    size_t dropped = 0;
    apply(out, &d, 1, 1);
    for (size_t i = 0; i < sizeof out / sizeof *out; i++) {
        dropped += out[i] == 0;
        ck_assert(out[i] == 0 || out[i] == (real)(1 / 0.75));
    }
    ck_assert_double_eq_tol((double)dropped / (SAMPLES * FEATURES), 0.25, 0.05);
}
END_TEST

START_TEST(ranks_and_threads_make_no_difference_steps_and_seeds_do)
{
    static real one[SAMPLES * FEATURES], other[SAMPLES * FEATURES];
    dropout d = {.probability = 0.5, .seed = 3, .step = 7};
    apply(one, &d, 1, 1);
    for (int ranks = 1; ranks <= 4; ranks++) {
        apply(other, &d, ranks, 2);
        ck_assert_int_eq(memcmp(one, other, sizeof one), 0);
    }
    d.step = 8;
    apply(other, &d, 1, 1);
    ck_assert_int_ne(memcmp(one, other, sizeof one), 0);
    d = (dropout){.probability = 0.5, .seed = 4, .step = 7};
    apply(other, &d, 1, 1);
    ck_assert_int_ne(memcmp(one, other, sizeof one), 0);
}
END_TEST

START_TEST(none_changes_nothing)
{
    static real out[SAMPLES * FEATURES];
    const dropout d = {0};
    apply(out, &d, 2, 1);
    for (size_t i = 0; i < sizeof out / sizeof *out; i++) {
        ck_assert(out[i] == 1);
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("dropout");
    tcase_add_test(cases, a_share_is_left_out_and_the_rest_grows);
    tcase_add_test(cases, ranks_and_threads_make_no_difference_steps_and_seeds_do);
    tcase_add_test(cases, none_changes_nothing);
    return suite_run("dropout", cases);
}
