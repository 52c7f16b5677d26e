#include "train/moving.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "network/network.h"
#include "suite.h"

enum { SAMPLES = 32 };
static const double epsilon = 1e-3;
static tensor_table t;
static real *moving;
static double *statistics;

static void set_up(void)
{
    ck_assert_int_eq(network_describe(&t, &(network_spec){.classes = 10, .options.batch_norm = true}), LS_OK);
    moving = calloc(t.moving_size, sizeof *moving);
    statistics = calloc(t.moving_size, sizeof *statistics);
    ck_assert(moving != NULL && statistics != NULL);
    for (size_t i = 0; i < t.count; i++) {
        const tensor_info *info = &t.tensors[i];
        for (size_t k = 0; info->vector == TENSOR_MOVING && k < info->size; k++) {
            const double value = info->role == TENSOR_MOVING_MEAN ? 0.5 : 0.25 - epsilon;
            statistics[info->offset + k] = value;
            moving[info->offset + k] = (real)value;
        }
    }
}

static void tear_down(void)
{
    tensor_table_release(&t);
    free(moving);
    free(statistics);
}

static double distance(size_t samples)
{
    return moving_distance(&t, moving, statistics, samples, epsilon);
}

/* The last layer's moving mean; its variance follows. */
static const tensor_info *last_mean(void)
{
    size_t last = 0;
    for (size_t i = 0; i < t.count; i++) {
        last = moving_is_mean(&t, i) ? i : last;
    }
    ck_assert_uint_gt(last, 0);
    return &t.tensors[last];
}

/* Of a channel's normalized values; chance takes 1.5 / SAMPLES off the square. */
static double without_chance(double d)
{
    return sqrt(d * d - 1.5 / SAMPLES);
}

START_TEST(equal_ones_are_near)
{
    ck_assert_double_eq_tol(distance(SAMPLES), 0, 1e-12);
    ck_assert_double_nan(distance(0));
    ck_assert_double_nan(distance(MOVING_SAMPLES - 1));
}
END_TEST

/* As they begin: mean 0, variance 1. (x·0.5 + 0.5) / sqrt(1 + epsilon) where x was meant. */
START_TEST(the_first_ones_are_far)
{
    for (size_t i = 0; i < t.count; i++) {
        const tensor_info *info = &t.tensors[i];
        for (size_t k = 0; info->vector == TENSOR_MOVING && k < info->size; k++) {
            moving[info->offset + k] = info->role == TENSOR_MOVING_MEAN ? 0 : 1;
        }
    }
    const double scale = 0.5 / sqrt(1 + epsilon);
    ck_assert_double_eq_tol(distance(SAMPLES), without_chance(sqrt((scale - 1) * (scale - 1) + scale * scale)), 1e-6);
}
END_TEST

/* One layer is enough, and in it half of the channels. */
START_TEST(half_of_a_layer_counts)
{
    const tensor_info *mean = last_mean();
    const double deviation = 0.5;
    for (size_t k = 0; k < mean->size / 2 - 1; k++) {
        moving[mean->offset + k] = (real)(0.5 + 3 * deviation);
    }
    ck_assert_double_eq_tol(distance(SAMPLES), 0, 1e-12);
    moving[mean->offset + mean->size - 1] = (real)(0.5 + 2 * deviation);
    ck_assert_double_eq_tol(distance(SAMPLES), without_chance(2), 1e-6);
}
END_TEST

/* A variance that is too small inflates what is normalized by it. */
START_TEST(small_variances_are_far)
{
    const tensor_info *variance = last_mean() + 1;
    for (size_t k = 0; k < variance->size; k++) {
        moving[variance->offset + k] = (real)(0.25 / 16 - epsilon);
    }
    ck_assert_double_eq_tol(distance(SAMPLES), without_chance(3), 1e-4);
    ck_assert_double_eq_tol(distance(MOVING_SAMPLES), sqrt(9 - 1.5 / MOVING_SAMPLES), 1e-4);
}
END_TEST

START_TEST(judgement)
{
    moving_lag lag = moving_lag_of(true, 0.99, 100, NAN);
    ck_assert_double_eq_tol(lag.left, 0.366, 1e-3);
    ck_assert(moving_is_far(&lag));
    lag = moving_lag_of(true, 0.99, 500, NAN);
    ck_assert(!moving_is_far(&lag));
    lag = moving_lag_of(true, 0.99, 5000, MOVING_FAR + 0.1);
    ck_assert(moving_is_far(&lag));
    ck_assert(moving_misleads(&lag, 0.99, 0.88) && !moving_misleads(&lag, 0.99, 0.9));
    ck_assert(!moving_misleads(&lag, 0.99, NAN) && !moving_misleads(&lag, NAN, 0.1));
    lag = moving_lag_of(true, 0.99, 1, MOVING_FAR - 0.1);
    ck_assert(!moving_is_far(&lag) && !moving_misleads(&lag, 1, 0));
    lag = moving_lag_of(false, 0.99, 1, NAN);
    ck_assert(!moving_is_far(&lag));
    lag = moving_lag_of(true, 1, 100000, NAN); /* never updated */
    ck_assert(moving_is_far(&lag));
}
END_TEST

START_TEST(words)
{
    char text[MOVING_TEXT_SIZE];
    moving_lag lag = moving_lag_of(true, 0.99, 100, 0.934);
    ck_assert_str_eq(moving_describe(text, &lag),
                     "BatchNorm's moving statistics are still far from the data's: in one layer half of the channels "
                     "are off by 0.93 standard deviations or more, and 0.37 of their starting values is left after "
                     "100 steps");
    lag.distance = NAN;
    ck_assert_str_eq(moving_describe(text, &lag), "BatchNorm's moving statistics are still far from the data's: 0.37 "
                                                  "of their starting values is left after 100 steps");
    lag = moving_lag_of(true, 0.999999999, UINT64_MAX, 1e308);
    ck_assert_uint_lt(strlen(moving_describe(text, &lag)), MOVING_TEXT_SIZE);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("moving");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, equal_ones_are_near);
    tcase_add_test(cases, the_first_ones_are_far);
    tcase_add_test(cases, half_of_a_layer_counts);
    tcase_add_test(cases, small_variances_are_far);
    tcase_add_test(cases, judgement);
    tcase_add_test(cases, words);
    return suite_run("moving", cases);
}
