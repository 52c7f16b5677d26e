#include <check.h>
#include <math.h>

#include "suite.h"

#include "base/elementary.h"

/* How far apart two numbers are, in units of the last bit of the second. */
static double units(double a, double b)
{
    return b == 0 ? fabs(a) : fabs(a - b) / (nextafter(fabs(b), INFINITY) - fabs(b));
}

START_TEST(exp_and_log_are_those_of_the_library)
{
    double worst = 0;
    for (int i = -70000; i <= 70000; i++) {
        const double x = i / 100.0;
        worst = fmax(worst, units(elementary_exp(x), exp(x)));
        if (i > 0) {
            worst = fmax(worst, units(elementary_log(x), log(x)));
            worst = fmax(worst, units(elementary_log(1 / x), log(1 / x)));
        }
    }
    ck_assert_double_le(worst, 4);
    ck_assert(elementary_exp(0) == 1 && elementary_log(1) == 0);
    ck_assert(elementary_exp(-800) == 0 && isinf(elementary_exp(800)) && isnan(elementary_exp(NAN)));
    ck_assert(isinf(elementary_log(0)) && isnan(elementary_log(-1)) && isinf(elementary_log(INFINITY)));
}
END_TEST

START_TEST(powers_are_those_of_the_library)
{
    for (int n = 0; n < 3000; n++) {
        const double expected = pow(0.98, n);
        ck_assert_double_eq_tol(elementary_pow(0.98, n) / expected, 1, 2e-13);
        ck_assert_double_eq_tol(elementary_pow(1 + n, -2.0 / 3) / pow(1 + n, -2.0 / 3), 1, 2e-14);
    }
    ck_assert(elementary_pow(0, 0) == 1 && elementary_pow(0, 2.5) == 0 && elementary_pow(0.3, 1) == 0.3);
    ck_assert(isinf(elementary_pow(0, -1)));
}
END_TEST

START_TEST(cosines_and_sines_are_those_of_the_library)
{
    for (int i = -4000; i <= 4000; i++) {
        const double x = i / 1000.0;
        ck_assert_double_eq_tol(elementary_cos_pi(x), cos(3.14159265358979323846 * x), 3e-15);
        ck_assert_double_eq_tol(elementary_sin_pi(x), sin(3.14159265358979323846 * x), 3e-15);
        ck_assert(elementary_sin_pi(-x) == -elementary_sin_pi(x));
    }
    ck_assert(elementary_cos_pi(0) == 1 && elementary_cos_pi(1) == -1 && elementary_cos_pi(0.5) == 0);
    ck_assert(elementary_sin_pi(0) == 0 && elementary_sin_pi(1) == 0 && elementary_sin_pi(0.5) == 1);
    for (int i = -7; i < 8; i += 2) { /* eighths of a turn */
        ck_assert(fabs(elementary_sin_pi(i / 4.0)) == fabs(elementary_cos_pi(i / 4.0)));
    }
    ck_assert(isnan(elementary_cos_pi(INFINITY)) && isnan(elementary_sin_pi(INFINITY)));
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("elementary");
    tcase_add_test(cases, exp_and_log_are_those_of_the_library);
    tcase_add_test(cases, powers_are_those_of_the_library);
    tcase_add_test(cases, cosines_and_sines_are_those_of_the_library);
    return suite_run("elementary", cases);
}
