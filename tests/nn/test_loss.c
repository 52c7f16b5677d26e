/* The loss of a sample against PyTorch (losses.py, which also prints Keras'). */
#include <check.h>
#include <math.h>

#include "suite.h"

#include "kernels/kernels.h"
#include "nn/loss.h"

enum { SAMPLES = 4, CLASSES = 11, PADDED = 16 };

#include "losses_reference.h"

static const size_t labels[SAMPLES] = {0, 10, 4, 7}, others[SAMPLES] = {3, 10, 4, 2};
static const double shares[SAMPLES] = {0.75, 1.0, 0.3, 0.4375};
static const double tolerance = sizeof(real) == sizeof(double) ? 1e-14 : 1e-6;

static real logits[PADDED * SAMPLES];
static real gradient[PADDED * SAMPLES];

static size_t place(size_t c, size_t n)
{
    return (c / KERNEL_BLOCK * SAMPLES + n) * KERNEL_BLOCK + c % KERNEL_BLOCK;
}

static loss_values sample(size_t n)
{
    for (size_t c = 0; c < CLASSES; c++) {
        logits[place(c, n)] = (real)(3 * sin(1 + 1.3 * (double)(n * CLASSES + c)));
    }
    return (loss_values){logits + n * KERNEL_BLOCK, gradient + n * KERNEL_BLOCK, CLASSES, SAMPLES * KERNEL_BLOCK};
}

START_TEST(as_pytorch)
{
    double weights[CLASSES];
    for (size_t c = 0; c < CLASSES; c++) {
        weights[c] = 0.5 + 0.25 * (double)c;
    }
    for (size_t i = 0; i < sizeof references / sizeof *references; i++) {
        const loss_options o = {references[i].smoothing, references[i].weighted ? weights : NULL};
        for (size_t n = 0; n < SAMPLES; n++) {
            int right = 0;
            const loss_values v = sample(n);
            const loss_target t = {labels[n], references[i].mixed ? others[n] : labels[n],
                                   references[i].mixed ? shares[n] : 1};
            ck_assert_double_eq_tol(loss_sample(&v, &o, &t, 0.25, &right), references[i].losses[n], 4 * tolerance);
            for (size_t c = 0; c < CLASSES; c++) {
                ck_assert_double_eq_tol((double)gradient[place(c, n)], 0.25 * references[i].gradients[n][c], tolerance);
            }
        }
    }
}
END_TEST

/* What was before there were options has the same bits: of one label only p - 1 and p are left. */
START_TEST(a_plain_label_is_exact)
{
    const loss_options none = {0};
    int right = 0;
    const loss_values v = sample(1);
    const loss_target t = {10, 10, 1};
    double sum = 0;
    double top = -INFINITY;
    for (size_t c = 0; c < CLASSES; c++) {
        top = fmax(top, (double)logits[place(c, 1)]);
    }
    for (size_t c = 0; c < CLASSES; c++) {
        sum += exp((double)logits[place(c, 1)] - top);
    }
    const double loss = loss_sample(&v, &none, &t, 0.5, &right);
    ck_assert(loss == log(sum) + top - (double)logits[place(10, 1)]);
    for (size_t c = 0; c < CLASSES; c++) {
        const double p = exp((double)logits[place(c, 1)] - top) / sum;
        ck_assert(gradient[place(c, 1)] == (real)((p - (c == 10)) * 0.5));
    }
}
END_TEST

START_TEST(the_larger_share_is_right)
{
    const loss_options none = {0};
    int right = 0;
    const loss_values v = sample(0);
    size_t best = 0;
    for (size_t c = 1; c < CLASSES; c++) {
        best = logits[place(c, 0)] > logits[place(best, 0)] ? c : best;
    }
    const size_t wrong = best == 0 ? 1 : 0;
    (void)loss_sample(&v, &none, &(loss_target){best, wrong, 0.5}, 1, &right);
    ck_assert_int_eq(right, 1);
    (void)loss_sample(&v, &none, &(loss_target){best, wrong, 0.4}, 1, &right);
    ck_assert_int_eq(right, 0);
    (void)loss_sample(&v, &none, &(loss_target){wrong, best, 0.4}, 1, &right);
    ck_assert_int_eq(right, 1);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("loss");
    tcase_add_test(cases, as_pytorch);
    tcase_add_test(cases, a_plain_label_is_exact);
    tcase_add_test(cases, the_larger_share_is_right);
    return suite_run("loss", cases);
}
