/* How far two arrays are apart: bits, zeros of either sign, what is no number. */
#include <math.h>

#include "suite.h"

#include "cli/compare.h"

START_TEST(equal_by_bits)
{
    const double a[4] = {1, -2, NAN, 0};
    const compare_result same = compare_numbers(a, a, 4);
    ck_assert(same.numbers == 4 && same.differing == 0 && same.largest == 0 && same.relative == 0);
    const double b[4] = {1, -2, NAN, -0.0};
    const compare_result sign = compare_numbers(a, b, 4);
    ck_assert(sign.differing == 1 && sign.largest == 0 && sign.relative == 0);
}
END_TEST

START_TEST(largest_of_each_kind)
{
    const double a[3] = {1000, 0.001, 5};
    const double b[3] = {1001, 0.002, 5};
    const compare_result r = compare_numbers(a, b, 3);
    ck_assert_uint_eq(r.differing, 2);
    ck_assert_double_eq(r.largest, 1);
    ck_assert_double_eq_tol(r.relative, 0.5, 1e-12);
}
END_TEST

START_TEST(no_number_is_the_worst)
{
    const double a[3] = {1, NAN, 3};
    const double b[3] = {2, 1, 9};
    const compare_result r = compare_numbers(a, b, 3);
    ck_assert(r.differing == 3 && isnan(r.largest) && isnan(r.relative));
    ck_assert(compare_exceeds(NAN, 1) && !compare_exceeds(1, NAN) && !compare_exceeds(NAN, NAN));
    ck_assert(compare_exceeds(2, 1) && !compare_exceeds(1, 1));
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("compare");
    tcase_add_test(tests, equal_by_bits);
    tcase_add_test(tests, largest_of_each_kind);
    tcase_add_test(tests, no_number_is_the_worst);
    return suite_run("compare", tests);
}
