#include <check.h>
#include <math.h>

#include "suite.h"

#include "run/advice.h"

START_TEST(a_guess_is_a_dead_signal)
{
    ck_assert(advice_is_dead(log(5), 0.2, 5) && advice_is_dead(log(5) + 0.01, 0.23, 5));
    ck_assert(advice_is_dead(log(1000) - 0.05, 0.001, 1000));
    ck_assert(!advice_is_dead(log(5), 0.3, 5)); /* a start that overshoots passes here too */
    ck_assert(!advice_is_dead(1.5, 0.2, 5) && !advice_is_dead(1.7, 0.2, 5) && !advice_is_dead(NAN, 0.2, 5));
    ck_assert(!advice_is_dead(0, 1, 1));
}
END_TEST

START_TEST(a_tenth_more_is_a_rise)
{
    ck_assert(advice_is_rising(1, 1.2) && !advice_is_rising(1, 1.05) && !advice_is_rising(1, 0.9));
    ck_assert(!advice_is_rising(0, 5));       /* the first epoch */
    ck_assert(!advice_is_rising(0.01, 0.02)); /* noise near zero */
    ck_assert(!advice_is_rising(1, NAN));
}
END_TEST

START_TEST(by_heart_is_a_gap_of_accuracies)
{
    ck_assert(advice_is_by_heart(0.99, 0.7) && !advice_is_by_heart(0.99, 0.9) && !advice_is_by_heart(0.8, 0.5));
    ck_assert(!advice_is_by_heart(0.99, NAN)); /* nothing to validate */
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("advice");
    tcase_add_test(cases, a_guess_is_a_dead_signal);
    tcase_add_test(cases, a_tenth_more_is_a_rise);
    tcase_add_test(cases, by_heart_is_a_gap_of_accuracies);
    return suite_run("advice", cases);
}
