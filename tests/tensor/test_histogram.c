#include "tensor/histogram.h"

#include <math.h>

#include "store/small_network.h"
#include "suite.h"

START_TEST(edges)
{
    ck_assert_double_eq(histogram_edge(0), ldexp(1, -26));
    ck_assert_double_eq(histogram_edge(208), 1);
    ck_assert_double_eq(histogram_edge(HISTOGRAM_BINS), 64);
    for (size_t i = 0; i < HISTOGRAM_BINS; i++) {
        ck_assert_double_eq_tol(histogram_edge(i + 1) / histogram_edge(i), pow(2, 0.125), 1e-15);
    }
}
END_TEST

START_TEST(bins)
{
    for (size_t i = 0; i < HISTOGRAM_BINS; i++) {
        const double edge = histogram_edge(i);
        ck_assert_uint_eq(histogram_bin(edge), i);
        ck_assert_uint_eq(histogram_bin(-edge), i);
        ck_assert_uint_eq(histogram_bin(nextafter(edge, 0)), i > 0 ? i - 1 : 0);
        ck_assert_uint_eq(histogram_bin(1.05 * edge), i);
    }
    ck_assert_uint_eq(histogram_bin(0), 0);
    ck_assert_uint_eq(histogram_bin(5e-324), 0);
    ck_assert_uint_eq(histogram_bin(1e300), HISTOGRAM_BINS - 1);
    ck_assert_uint_eq(histogram_bin(-INFINITY), HISTOGRAM_BINS - 1);
    ck_assert_uint_eq(histogram_bin(NAN), HISTOGRAM_BINS - 1);
}
END_TEST

/* All kernels and the dense layer's bias; gamma and beta have no part in it. */
START_TEST(of_a_network)
{
    tensor_table t;
    static real weights[SMALL_WEIGHTS];
    double counts[HISTOGRAM_BINS];
    size_t decaying = 0;
    small_network(&t);
    for (size_t i = 0; i < t.count; i++) {
        const tensor_info *info = &t.tensors[i];
        for (size_t k = 0; info->role != TENSOR_MOVING_MEAN && info->role != TENSOR_MOVING_VARIANCE && k < info->size;
             k++) {
            weights[info->offset + k] = info->decays ? (real)(k % 2 == 0 ? 1 : -0.25) : 8;
        }
        decaying += info->decays ? info->size : 0;
    }
    histogram_of(counts, &t, weights);
    double all = 0;
    for (size_t i = 0; i < HISTOGRAM_BINS; i++) {
        all += counts[i];
    }
    ck_assert_double_eq(all, (double)decaying);
    ck_assert_double_eq(counts[histogram_bin(1)] + counts[histogram_bin(0.25)], all);
    ck_assert_double_gt(counts[histogram_bin(0.25)], 0);
    tensor_table_release(&t);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("histogram");
    tcase_add_test(cases, edges);
    tcase_add_test(cases, bins);
    tcase_add_test(cases, of_a_network);
    return suite_run("histogram", cases);
}
