/* From logits to a ranking of classes. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "suite.h"

#include "train/predict.h"

START_TEST(softmax)
{
    const double logits[] = {1000, 1000 + log(2), 1000 + log(5), -1000};
    double p[4];
    predict_softmax(p, logits, 4);
    ck_assert_double_eq_tol(p[0], 0.125, 1e-12);
    ck_assert_double_eq_tol(p[1], 0.25, 1e-12);
    ck_assert_double_eq_tol(p[2], 0.625, 1e-12);
    ck_assert_double_eq_tol(p[3], 0, 1e-300);
}
END_TEST

START_TEST(ranking)
{
    const double p[] = {0.1, 0.3, 0.1, 0.4, 0.1};
    size_t order[5] = {9, 9, 9, 9, 9};
    predict_rank(order, 3, p, 5);
    ck_assert(order[0] == 3 && order[1] == 1 && order[2] == 0);
    ck_assert_uint_eq(order[3], 9);
    predict_rank(order, 7, p, 5);
    ck_assert(order[2] == 0 && order[3] == 2 && order[4] == 4);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("predict");
    tcase_add_test(tests, softmax);
    tcase_add_test(tests, ranking);
    return suite_run("predict", tests);
}
