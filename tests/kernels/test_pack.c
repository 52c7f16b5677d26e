#include <check.h>
#include <string.h>

#include "guarded.h"
#include "kernels/kernels.h"
#include "kernels/pack.h"
#include "problem.h"
#include "suite.h"

enum { B = KERNEL_BLOCK };

static const size_t channel_counts[] = {1, 3, 7, 8, 9, 16, 20, 33};
enum { COUNTS = sizeof channel_counts / sizeof channel_counts[0] };

/* A kernel of n different numbers, none of them 0. */
static real *numbered(size_t n)
{
    real *kernel = guarded_alloc(n, sizeof(real));
    for (size_t i = 0; i < n; i++) {
        kernel[i] = (real)(i + 1);
    }
    return kernel;
}

/* Elements that are not 0. */
static size_t filled(const real *a, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        count += a[i] != 0; /* NaN, never written, counts too */
    }
    return count;
}

static void check_matrix(size_t cin, size_t cout, size_t padded_in)
{
    const size_t mark = guarded_mark();
    const size_t size = blocks_of(cout) * padded_in * B;
    const real *kernel = numbered(cin * cout);
    real *packed = guarded_alloc(size, sizeof(real));
    real *back = guarded_alloc(cin * cout, sizeof(real));
    pack_matrix(packed, kernel, cin, cout, padded_in);
    for (size_t i = 0; i < cin; i++) {
        for (size_t o = 0; o < cout; o++) {
            ck_assert(packed[(o / B * padded_in + i) * B + o % B] == kernel[i * cout + o]);
        }
    }
    ck_assert_uint_eq(filled(packed, size), cin * cout);
    unpack_matrix(back, packed, cin, cout, padded_in, 0, (cout + B - 1) / B);
    ck_assert_int_eq(memcmp(back, kernel, cin * cout * sizeof *back), 0);
    guarded_check("pack_matrix");
    guarded_release(mark);
}

START_TEST(matrices_go_there_and_back)
{
    for (size_t i = 0; i < COUNTS; i++) {
        for (size_t o = 0; o < COUNTS; o++) {
            check_matrix(channel_counts[i], channel_counts[o], blocks_of(channel_counts[i]) * B);
        }
        check_matrix(27, channel_counts[i], 32);
    }
}
END_TEST

static void check_transposed(size_t cin, size_t cout)
{
    const size_t mark = guarded_mark();
    const size_t rows = blocks_of(cout) * B;
    const size_t size = blocks_of(cin) * rows * B;
    const real *kernel = numbered(cin * cout);
    real *packed = guarded_alloc(size, sizeof(real));
    pack_matrix_transposed(packed, kernel, cin, cout);
    for (size_t i = 0; i < cin; i++) {
        for (size_t o = 0; o < cout; o++) {
            ck_assert(packed[(i / B * rows + o) * B + i % B] == kernel[i * cout + o]);
        }
    }
    ck_assert_uint_eq(filled(packed, size), cin * cout);
    guarded_check("pack_matrix_transposed");
    guarded_release(mark);
}

START_TEST(transposed_matrices_have_rows_for_outputs)
{
    for (size_t i = 0; i < COUNTS; i++) {
        for (size_t o = 0; o < COUNTS; o++) {
            check_transposed(channel_counts[i], channel_counts[o]);
        }
    }
}
END_TEST

static void check_depthwise(size_t channels)
{
    const size_t mark = guarded_mark();
    const size_t size = blocks_of(channels) * 9 * B;
    const real *kernel = numbered(9 * channels);
    real *packed = guarded_alloc(size, sizeof(real));
    real *back = guarded_alloc(9 * channels, sizeof(real));
    pack_depthwise(packed, kernel, channels);
    for (size_t tap = 0; tap < 9; tap++) {
        for (size_t c = 0; c < channels; c++) {
            ck_assert(packed[(c / B * 9 + tap) * B + c % B] == kernel[tap * channels + c]);
        }
    }
    ck_assert_uint_eq(filled(packed, size), 9 * channels);
    unpack_depthwise(back, packed, channels);
    ck_assert_int_eq(memcmp(back, kernel, 9 * channels * sizeof *back), 0);
    guarded_check("pack_depthwise");
    guarded_release(mark);
}

START_TEST(depthwise_kernels_go_there_and_back)
{
    for (size_t i = 0; i < COUNTS; i++) {
        check_depthwise(channel_counts[i]);
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("pack");
    tcase_add_test(cases, matrices_go_there_and_back);
    tcase_add_test(cases, transposed_matrices_have_rows_for_outputs);
    tcase_add_test(cases, depthwise_kernels_go_there_and_back);
    return suite_run("pack", cases);
}
