#include "kernels/peak.h"

#include "kernels/kernels.h"
#include "suite.h"

/* The chains are really computed: each tends to term / (1 - factor). Names that nobody knows are taken for generic. */
START_TEST(multiply_add)
{
    size_t count = 0;
    const kernels *const *tables = kernels_available(KERNEL_STORE_REAL, &count);
    real values[3] = {(real)0.5, (real)0.25, 0};
    for (size_t i = 0; i < count; i++) {
        const double flops = peak_multiply_add(tables[i]->name, 100, values);
        const double chains = (double)values[2] / 0.5;
        ck_assert_double_ge(chains, 8);
        const double lanes = flops / (2 * 100 * chains);
        ck_assert_msg(lanes == 2 || lanes == 4 || lanes == 8 || lanes == 16, "%s: %g", tables[i]->name, lanes);
    }
    ck_assert_double_eq(peak_multiply_add("unheard of", 10, values), peak_multiply_add("generic", 10, values));
}
END_TEST

START_TEST(triad)
{
    real a[5] = {0};
    const real b[5] = {1, 2, 3, 4, 5};
    const real c[5] = {2, 4, 6, 8, 10};
    peak_triad(a, b, c, (real)0.5, 4);
    ck_assert_double_eq((double)a[0], 2);
    ck_assert_double_eq((double)a[3], 8);
    ck_assert_double_eq((double)a[4], 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("peak");
    tcase_add_test(cases, multiply_add);
    tcase_add_test(cases, triad);
    return suite_run("peak", cases);
}
