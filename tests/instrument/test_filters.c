#include "instrument/filters.h"

#include <math.h>
#include <stdlib.h>

#include "base/random.h"
#include "suite.h"

enum { LINES = 45, FILTERS = 23, SIZE = LINES * FILTERS };

static tensor_info conv(void)
{
    return (tensor_info){.role = TENSOR_CONV_KERNEL,
                         .rank = 4,
                         .shape = {3, 3, 5, FILTERS},
                         .size = SIZE,
                         .scale_invariant = 1,
                         .trainable = 1};
}

/* With a BatchNorm that does nothing. */
static void measure(filters_row *out, const tensor_info *t, const real *before, const real *after, const real *total,
                    double decay)
{
    static real zeros[FILTERS];
    static double ones[FILTERS];
    double *space = calloc(filters_scratch(FILTERS), sizeof *space);
    ck_assert_ptr_nonnull(space);
    for (size_t i = 0; i < FILTERS; i++) {
        ones[i] = 1;
    }
    const filters_update u = {.start = before,
                              .before = before,
                              .after = after,
                              .gradient = total,
                              .decay = decay,
                              .gamma = zeros,
                              .gamma_gradient = zeros,
                              .variance = ones};
    filters_measure(out, t, &u, space);
    filters_measure(out, t, &u, space); /* nothing is left in the scratch */
    free(space);
}

static void fill(real *out, double scale, uint64_t stream)
{
    for (size_t i = 0; i < SIZE; i++) {
        out[i] = (real)(scale * (random_unit(3, random_stream(RANDOM_TEST, stream, 0), i) - 0.5));
    }
}

/* One filter, by the definitions. */
typedef struct one {
    double norm, angle, growth, gradient, cosine;
} one;

static one by_hand(const real *before, const real *after, const real *total, double decay, size_t filter)
{
    double ww = 0, vv = 0, gg = 0, gw = 0, apart = 0;
    for (size_t k = 0; k < LINES; k++) {
        const double w = (double)before[k * FILTERS + filter];
        const double v = (double)after[k * FILTERS + filter];
        const double g = (double)total[k * FILTERS + filter] - decay * w;
        ww += w * w;
        vv += v * v;
        gg += g * g;
        gw += g * w;
    }
    for (size_t k = 0; k < LINES; k++) {
        const double d =
            (double)before[k * FILTERS + filter] / sqrt(ww) - (double)after[k * FILTERS + filter] / sqrt(vv);
        apart += d * d;
    }
    return (one){sqrt(ww), 2 * asin(sqrt(apart) / 2), 0.5 * log(vv / ww), sqrt(gg), gw / sqrt(gg * ww)};
}

static void check(double step, double decay, double tolerance)
{
    static real before[SIZE], after[SIZE], total[SIZE];
    const tensor_info t = conv();
    double norms = 0, angles = 0, growth = 0, force = 0, ratio = 0, cosine = 0;
    filters_row row;
    fill(before, 1, 1);
    fill(total, 0.3, 2);
    for (size_t i = 0; i < SIZE; i++) {
        after[i] = (real)((double)before[i] - step * (double)total[i]);
    }
    measure(&row, &t, before, after, total, decay);
    for (size_t f = 0; f < FILTERS; f++) {
        const one o = by_hand(before, after, total, decay, f);
        norms += o.norm / FILTERS;
        angles += o.angle * o.angle / FILTERS;
        growth += o.growth / FILTERS;
        force += o.gradient * o.gradient * o.norm * o.norm / FILTERS;
        ratio += o.gradient * o.gradient / (o.norm * o.norm) / FILTERS;
        cosine += o.cosine / FILTERS;
    }
    ck_assert_double_eq_tol(row.norm, norms, 1e-13);
    ck_assert_double_eq_tol(row.angle2 / angles, 1, tolerance);
    ck_assert_double_eq_tol(row.growth, growth, 1e-13);
    ck_assert_double_eq_tol(row.force / force, 1, 1e-12);
    ck_assert_double_eq_tol(row.ratio2 / ratio, 1, 1e-12);
    ck_assert_double_eq_tol(row.cosine, cosine, 1e-12);
    ck_assert(row.norm_p5 < row.norm && row.norm < row.norm_p95);
    ck_assert(row.norm2 >= row.norm * row.norm && row.norm4 >= row.norm2 * row.norm2);
}

START_TEST(as_by_hand)
{
    check(0.1, 0, 1e-11);
    check(0.1, 0.25, 1e-11);
    check(0.02, 0.25, 1e-10); /* on both sides of where series end */
    check(1e-3, 0.002, 1e-8);
    check(3, 0.002, 1e-12); /* a large angle */
}
END_TEST

/* Decay alone turns nothing; a filter without change has no angle. */
START_TEST(no_turn)
{
    static real before[SIZE], after[SIZE], none[SIZE];
    const tensor_info t = conv();
    filters_row row;
    fill(before, 1, 1);
    for (size_t i = 0; i < SIZE; i++) {
        after[i] = before[i] / 2;
    }
    measure(&row, &t, before, after, none, 0);
    ck_assert_double_le(row.angle2, 1e-15);
    ck_assert_double_eq_tol(row.growth, -log(2), 1e-14);
    ck_assert(row.cosine == 0 && row.force == 0);
    measure(&row, &t, before, before, none, 0);
    ck_assert(row.angle2 == 0 && row.growth == 0);
    measure(&row, &t, none, none, none, 0); /* no direction at all */
    ck_assert(row.norm == 0 && row.angle2 == 0 && row.inverse2 == 0);
}
END_TEST

START_TEST(percentiles)
{
    static real before[SIZE], none[SIZE];
    const tensor_info t = conv();
    filters_row row;
    for (size_t f = 0; f < FILTERS; f++) {
        before[f] = (real)(FILTERS - f); /* norms 1 to 23 */
    }
    measure(&row, &t, before, before, none, 0);
    ck_assert_double_eq_tol(row.norm_p5, 2.1, 1e-12); /* as numpy.percentile */
    ck_assert_double_eq_tol(row.norm_p95, 21.9, 1e-12);
    ck_assert_double_eq_tol(row.norm, 12, 1e-12);
}
END_TEST

/* The angle to the run's start, and the part of g along w that epsilon makes. */
START_TEST(start_and_epsilon)
{
    static real start[SIZE], before[SIZE], total[SIZE], gamma[FILTERS], gradient[FILTERS];
    double variance[FILTERS], scratch[8 * FILTERS];
    double radial = 0, share = 0, turned = 0;
    const double decay = 0.01, epsilon = 0.5;
    const tensor_info t = conv();
    filters_row row;
    ck_assert_uint_le(filters_scratch(FILTERS), sizeof scratch / sizeof *scratch);
    fill(start, 1, 4);
    fill(before, 1, 5);
    fill(total, 1, 6);
    for (size_t f = 0; f < FILTERS; f++) {
        gamma[f] = (real)(1 + 0.1 * (double)f);
        gradient[f] = (real)(0.3 - 0.01 * (double)f);
        variance[f] = 0.1 * (double)(f + 1);
        const double of = epsilon / (variance[f] + epsilon);
        radial += of * (double)gamma[f] * ((double)gradient[f] - decay * (double)gamma[f]) / FILTERS;
        share += of / FILTERS;
        double ss = 0, ww = 0, sw = 0;
        for (size_t k = f; k < SIZE; k += FILTERS) {
            ss += (double)start[k] * (double)start[k];
            ww += (double)before[k] * (double)before[k];
            sw += (double)start[k] * (double)before[k];
        }
        turned += acos(sw / sqrt(ss * ww)) / FILTERS;
    }
    const filters_update u = {.start = start,
                              .before = before,
                              .after = before,
                              .gradient = total,
                              .gamma = gamma,
                              .gamma_gradient = gradient,
                              .gamma_decay = decay,
                              .variance = variance,
                              .epsilon = epsilon};
    filters_measure(&row, &t, &u, scratch);
    ck_assert_double_eq_tol(row.radial_epsilon, radial, 1e-14);
    ck_assert_double_eq_tol(row.epsilon_share, share, 1e-14);
    ck_assert_double_eq_tol(row.turned, turned, 1e-12);
}
END_TEST

START_TEST(which_tensors)
{
    tensor_info t = conv();
    ck_assert(filters_invariant(&t) && tensor_filters(&t) == FILTERS && filters_size(&t) == LINES);
    t.scale_invariant = 0;
    ck_assert(!filters_invariant(&t));
    t = (tensor_info){.role = TENSOR_DEPTHWISE_KERNEL, .shape = {3, 3, 7, 1}, .size = 63, .scale_invariant = 1};
    ck_assert(filters_invariant(&t) && tensor_filters(&t) == 7 && filters_size(&t) == 9);
    t = (tensor_info){.role = TENSOR_DENSE_KERNEL, .shape = {4, 5}, .size = 20};
    ck_assert(!filters_invariant(&t) && tensor_filters(&t) == 0 && filters_size(&t) == 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("filters");
    tcase_add_test(cases, as_by_hand);
    tcase_add_test(cases, no_turn);
    tcase_add_test(cases, percentiles);
    tcase_add_test(cases, start_and_epsilon);
    tcase_add_test(cases, which_tensors);
    return suite_run("filters", cases);
}
