#include "exchange/calibrate.h"

#include <math.h>
#include <string.h>

#include "exchange/histogram.h"
#include "random_network.h"
#include "suite.h"

enum { HEIGHT = 33, WIDTH = 40, PICTURES = 19 };

static const network_options narrow = {.batch_norm = true, .alpha = 0.1, .depth = 0.2, .head_units = 9};
static const calibration_options all = {CALIBRATION_ALL, 1};

static exchange_ranges ranges_with(const random_network *r, int threads, const real *images, size_t n, size_t part,
                                   const calibration_options *o)
{
    calibration *c = NULL;
    exchange_ranges out;
    ck_assert_int_eq(calibration_create(&c, &r->m, threads), LS_OK);
    for (size_t i = 0; i < n; i += part) {
        ck_assert_int_eq(calibration_add(c, images + i * HEIGHT * WIDTH * 3, n - i < part ? n - i : part), LS_OK);
    }
    ck_assert_int_eq(calibration_ranges(&out, c, o), LS_OK);
    calibration_free(c);
    return out;
}

START_TEST(threads_and_parts_change_no_range)
{
    random_network r;
    ck_assert_int_eq(random_network_make(&r, HEIGHT, WIDTH, 3, narrow), LS_OK);
    real *images = random_network_images(&r, PICTURES, 1);
    const calibration_options fit = {CALIBRATION_ERROR, 0};
    exchange_ranges one = ranges_with(&r, 1, images, PICTURES, PICTURES, &fit);
    exchange_ranges two = ranges_with(&r, 3, images, PICTURES, PICTURES, &fit);
    exchange_ranges parts = ranges_with(&r, 2, images, PICTURES, 1, &all);
    exchange_ranges whole = ranges_with(&r, 1, images, PICTURES, PICTURES, &all);
    graph net;
    ck_assert_int_eq(network_build(&net, &r.m.spec), LS_OK);
    ck_assert_uint_eq(one.count, net.count);
    for (size_t i = 0; i < one.count; i++) {
        const size_t bytes = net.nodes[i].shape.channels * sizeof(double);
        ck_assert_int_eq(one.nodes[i].means == NULL, two.nodes[i].means == NULL);
        ck_assert_double_eq(parts.nodes[i].least, whole.nodes[i].least);
        ck_assert_double_eq(parts.nodes[i].most, whole.nodes[i].most);
        ck_assert_double_ge(one.nodes[i].least, whole.nodes[i].least);
        ck_assert_double_le(one.nodes[i].most, whole.nodes[i].most);
        if (one.nodes[i].means != NULL) {
            ck_assert_double_eq(one.nodes[i].least, two.nodes[i].least);
            ck_assert_double_eq(one.nodes[i].most, two.nodes[i].most);
            ck_assert_mem_eq(one.nodes[i].means, two.nodes[i].means, bytes);
        }
    }
    graph_release(&net);
    exchange_ranges_release(&one);
    exchange_ranges_release(&two);
    exchange_ranges_release(&parts);
    exchange_ranges_release(&whole);
    free(images);
    random_network_release(&r);
}
END_TEST

/* The last node of what is computed together is seen, and what it holds is possible. */
START_TEST(every_output_is_seen)
{
    random_network r;
    graph net;
    ck_assert_int_eq(random_network_make(&r, HEIGHT, WIDTH, 3, narrow), LS_OK);
    real *images = random_network_images(&r, PICTURES, 1);
    exchange_ranges seen = ranges_with(&r, 2, images, PICTURES, 8, &all);
    ck_assert_int_eq(network_build(&net, &r.m.spec), LS_OK);
    for (size_t i = 0; i < net.count; i++) {
        const graph_node *n = &net.nodes[i];
        const exchange_range *range = &seen.nodes[i];
        if (n->op == GRAPH_INPUT) {
            ck_assert_double_eq_tol(range->least, -1, 1e-3);
            ck_assert_double_eq_tol(range->most, 1, 1e-3);
            ck_assert_double_eq_tol(range->means[0], 0, 0.05);
        } else if (n->op == GRAPH_RELU6) {
            ck_assert_ptr_nonnull(range->means);
            ck_assert(range->least == 0 && range->most > 0 && range->most <= 6);
            ck_assert(range->means[0] >= 0 && range->means[0] <= 6);
        } else if (n->op == GRAPH_ADD || n->op == GRAPH_MEAN || n->op == GRAPH_DENSE) {
            ck_assert_ptr_nonnull(range->means);
            ck_assert(range->most > range->least);
            ck_assert(!n->relu || range->least == 0);
        } else if (n->op == GRAPH_ZERO_PADDING || n->op == GRAPH_CONV) {
            ck_assert_ptr_null(range->means);
        }
    }
    graph_release(&net);
    exchange_ranges_release(&seen);
    free(images);
    random_network_release(&r);
}
END_TEST

START_TEST(nothing_seen_is_no_range)
{
    random_network r;
    calibration *c = NULL;
    exchange_ranges out;
    ck_assert_int_eq(random_network_make(&r, HEIGHT, WIDTH, 3, narrow), LS_OK);
    ck_assert_int_eq(calibration_create(&c, &r.m, 1), LS_OK);
    ck_assert_int_eq(calibration_ranges(&out, c, &all), LS_EUSAGE);
    real *images = random_network_images(&r, 1, 1);
    images[7] = (real)NAN;
    ck_assert_int_eq(calibration_add(c, images, 1), LS_OK);
    ck_assert_int_eq(calibration_ranges(&out, c, &all), LS_ENUMERIC);
    ck_assert_ptr_null(out.nodes);
    calibration_free(c);
    free(images);
    random_network_release(&r);
}
END_TEST

START_TEST(histograms_merge_in_any_order)
{
    static value_histogram parts[3], forth, back;
    memset(parts, 0, sizeof parts);
    memset(&forth, 0, sizeof forth);
    memset(&back, 0, sizeof back);
    for (int i = 0; i < 3000; i++) {
        const real value = (real)((i % 3 == 1 ? 100 : 0.01) * (random_unit(1, 1, (uint64_t)i) - 0.25));
        value_histogram_add(&parts[i % 3], &value, 1);
    }
    for (int i = 0; i < 3; i++) {
        value_histogram_merge(&forth, &parts[i]);
        value_histogram_merge(&back, &parts[2 - i]);
    }
    ck_assert_mem_eq(&forth, &back, sizeof forth);
    uint64_t sum = 0;
    for (int i = 0; i < VALUE_BINS; i++) {
        sum += forth.bins[i];
    }
    ck_assert_uint_eq(sum, 3000);
    ck_assert(forth.least > -25 && forth.least < -24 && forth.most > 74 && forth.most < 75);
}
END_TEST

/* Many at once are counted as one by one, tiny negative ones and infinite ones too, whatever came first. */
START_TEST(values_together_count_as_one_by_one)
{
    enum { N = 1500 };
    static value_histogram one, many, back;
    static real values[N];
    memset(&one, 0, sizeof one);
    memset(&many, 0, sizeof many);
    memset(&back, 0, sizeof back);
    for (int i = 0; i < N; i++) {
        values[i] = (real)ldexp(random_unit(1, 3, (uint64_t)i) - 0.5, i % 40 - 35);
        value_histogram_add(&one, &values[i], 1);
    }
    value_histogram_add(&many, values, N);
    for (int i = N; i > 0; i--) {
        value_histogram_add(&back, &values[i - 1], 1);
    }
    ck_assert_mem_eq(&one, &many, sizeof one);
    ck_assert_mem_eq(&one, &back, sizeof one);
    ck_assert(!many.strange);
    const uint64_t counted = many.bins[VALUE_BINS / 2];
    values[700] = (real)-INFINITY;
    values[701] = 0;
    value_histogram_add(&many, values + 700, 2);
    ck_assert(many.strange);
    ck_assert_double_eq(many.limit, one.limit);
    ck_assert_uint_eq(many.bins[VALUE_BINS / 2], counted + 1);
}
END_TEST

/* One value far away costs little if it is cut off; the others are then told apart better. */
START_TEST(outliers_are_cut_off)
{
    static value_histogram h;
    const real far = 12;
    double least = 0;
    double most = 0;
    memset(&h, 0, sizeof h);
    for (int i = 0; i < 1000000; i++) {
        const real value = (real)(random_unit(1, 2, (uint64_t)i) * 2 - 1);
        value_histogram_add(&h, &value, 1);
    }
    value_histogram_add(&h, &far, 1);
    value_histogram_share(&h, 0.99999, &least, &most);
    ck_assert_double_eq_tol(least, -1, 0.03);
    ck_assert_double_eq_tol(most, 1, 0.03);
    value_histogram_fit(&h, &least, &most);
    ck_assert_double_le(least, -0.95);
    ck_assert_double_lt(most, 8);
    ck_assert_double_ge(most, 1);
    value_histogram_share(&h, 1, &least, &most);
    ck_assert_double_eq(most, 12);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("calibrate");
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, threads_and_parts_change_no_range);
    tcase_add_test(cases, every_output_is_seen);
    tcase_add_test(cases, nothing_seen_is_no_range);
    tcase_add_test(cases, histograms_merge_in_any_order);
    tcase_add_test(cases, values_together_count_as_one_by_one);
    tcase_add_test(cases, outliers_are_cut_off);
    return suite_run("calibrate", cases);
}
