#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "base/random.h"
#include "base/sort.h"
#include "suite.h"

enum { MOST = 40 };

/* Numbers of which many are equal. */
static void fill(double *out, size_t n, uint64_t stream, double distinct)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = floor(distinct * random_unit(5, random_stream(RANDOM_TEST, stream, 0), i));
    }
}

START_TEST(each_place_is_that_of_the_order)
{
    double numbers[MOST], sorted[MOST];
    for (size_t n = 1; n <= MOST; n++) {
        for (size_t k = 0; k < n; k++) {
            const double distinct = k % 3 == 0 ? 1 : k % 3 == 1 ? 4 : 1e6;
            fill(numbers, n, n, distinct);
            fill(sorted, n, n, distinct);
            sort_numbers(sorted, n);
            sort_place(numbers, n, k);
            for (size_t i = 0; i < n; i++) {
                ck_assert(i < k ? numbers[i] <= sorted[k] : numbers[i] >= sorted[k]);
            }
            ck_assert(numbers[k] == sorted[k]);
            sort_numbers(numbers, n);
            ck_assert_mem_eq(numbers, sorted, n * sizeof *numbers); /* all are still there */
        }
    }
}
END_TEST

START_TEST(what_is_in_order_already_stays)
{
    double numbers[MOST];
    for (size_t k = 0; k < MOST; k++) {
        for (size_t i = 0; i < MOST; i++) {
            numbers[i] = (double)(k % 2 == 0 ? i : MOST - 1 - i);
        }
        sort_place(numbers, MOST, k);
        ck_assert(numbers[k] == (double)k);
    }
}
END_TEST

/* A training that went wrong has them. */
START_TEST(what_is_no_number_ends_all_the_same)
{
    double numbers[MOST];
    for (size_t k = 0; k < MOST; k++) {
        for (size_t i = 0; i < MOST; i++) {
            numbers[i] = (i + k) % 3 == 0 ? NAN : (double)i;
        }
        sort_place(numbers, MOST, k);
    }
    sort_place(numbers, 1, 0);
}
END_TEST

START_TEST(medians)
{
    double odd[] = {3, 1, 2}, even[] = {4, 1, 3, 2};
    ck_assert(sort_median(odd, 3) == 2);
    ck_assert(sort_median(even, 4) == 2.5);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("sort");
    tcase_add_test(cases, each_place_is_that_of_the_order);
    tcase_add_test(cases, what_is_in_order_already_stays);
    tcase_add_test(cases, what_is_no_number_ends_all_the_same);
    tcase_add_test(cases, medians);
    return suite_run("sort", cases);
}
