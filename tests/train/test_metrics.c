#include "train/metrics.h"

#include <math.h>

#include "base/error.h"
#include "suite.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static metrics m;

static void tear_down(void)
{
    metrics_release(&m);
}

static void compute(const metrics_sample *samples, size_t count, size_t classes)
{
    ck_assert_int_eq(metrics_compute(&m, samples, count, classes), LS_OK);
}

static void is(double got, double wanted)
{
    ck_assert_msg(fabs(got - wanted) < 1e-12, "%.17g, not %.17g", got, wanted);
}

START_TEST(a_sample_by_hand)
{
    const real logits[] = {0, (real)log(3), (real)log(4), 0, 0, 0}; /* e to them: 1 3 4 1 1 1, of 11 */
    const metrics_sample s = metrics_sample_of(logits, 6, 1, 7);
    ck_assert(s.position == 7 && s.label == 1 && s.predicted == 2 && s.rank == 1);
    ck_assert_double_eq_tol(s.probability, 4.0 / 11, 1e-6);
    ck_assert_double_eq_tol(s.loss, log(11.0 / 3), 1e-6);
    ck_assert_uint_eq(metrics_sample_of(logits, 6, 2, 0).rank, 0);
    ck_assert_uint_eq(metrics_sample_of(logits, 6, 0, 0).rank, 2);
    ck_assert_uint_eq(metrics_sample_of(logits, 6, 5, 0).rank, 5); /* after those that are as likely */
}
END_TEST

/* The lower number comes first, in prediction and rank alike. */
START_TEST(ties)
{
    const real same[8] = {0};
    for (uint32_t label = 0; label < 8; label++) {
        const metrics_sample s = metrics_sample_of(same, 8, label, label);
        ck_assert(s.predicted == 0 && s.rank == label);
        is(s.probability, 1.0 / 8);
    }
}
END_TEST

START_TEST(no_figure_improves_by_nan)
{
    const real bad[] = {NAN, NAN, NAN, NAN, NAN, NAN};
    const real one[] = {1, 2, NAN};
    const metrics_sample s = metrics_sample_of(bad, 6, 2, 0);
    ck_assert(s.predicted == 0 && s.rank == 5 && isnan(s.loss) && isnan(s.probability));
    ck_assert_uint_eq(metrics_sample_of(one, 3, 1, 0).rank, 1);
    compute(&s, 1, 6);
    ck_assert(isnan(m.calibration_error));
    is(m.top5, 0);
}
END_TEST

/* Six classes; 4 has no samples, 5 is never predicted, 3 is neither. */
static const metrics_sample six[] = {
    {.label = 0, .predicted = 0, .rank = 0, .probability = 0.9, .loss = 0.1, .position = 0},
    {.label = 0, .predicted = 1, .rank = 1, .probability = 0.6, .loss = 1.1, .position = 1},
    {.label = 1, .predicted = 1, .rank = 0, .probability = 1.0, .loss = 0.0, .position = 2},
    {.label = 1, .predicted = 1, .rank = 0, .probability = 0.5, .loss = 0.7, .position = 3},
    {.label = 2, .predicted = 4, .rank = 5, .probability = 0.4, .loss = 3.0, .position = 4},
    {.label = 2, .predicted = 2, .rank = 0, .probability = 0.4, .loss = 0.9, .position = 5},
    {.label = 5, .predicted = 0, .rank = 4, .probability = 0.9, .loss = 3.0, .position = 6},
    {.label = 0, .predicted = 1, .rank = 2, .probability = 0.6, .loss = 1.2, .position = 7},
};

static void class_is(size_t c, size_t support, size_t predicted, size_t right)
{
    const metrics_class *k = &m.of_class[c];
    ck_assert(k->support == support && k->predicted == predicted && k->right == right);
}

START_TEST(classes_by_hand)
{
    compute(six, COUNT(six), 6);
    class_is(0, 3, 2, 1);
    class_is(1, 2, 4, 2);
    class_is(2, 2, 1, 1);
    class_is(3, 0, 0, 0);
    class_is(4, 0, 1, 0);
    class_is(5, 1, 0, 0);
    is(m.of_class[0].precision, 1.0 / 2);
    is(m.of_class[0].recall, 1.0 / 3);
    is(m.of_class[0].f1, 2.0 / 5);
    is(m.of_class[1].precision, 2.0 / 4);
    is(m.of_class[1].recall, 1);
    is(m.of_class[1].f1, 4.0 / 6);
    ck_assert(isnan(m.of_class[3].precision) && isnan(m.of_class[3].recall) && isnan(m.of_class[3].f1));
    is(m.of_class[4].precision, 0);
    ck_assert(isnan(m.of_class[4].recall));
    is(m.of_class[4].f1, 0);
    ck_assert(isnan(m.of_class[5].precision));
    is(m.of_class[5].recall, 0);
    is(m.of_class[5].f1, 0);
}
END_TEST

/* Over the classes 0, 1, 2 and 5, which have samples. */
START_TEST(means_by_hand)
{
    compute(six, COUNT(six), 6);
    ck_assert(m.samples == 8 && m.classes == 6 && m.present == 4);
    is(m.accuracy, 4.0 / 8);
    is(m.top5, 7.0 / 8);
    is(m.macro_precision, (1.0 / 2 + 2.0 / 4 + 1 + 0) / 4);
    is(m.macro_recall, (1.0 / 3 + 1 + 1.0 / 2 + 0) / 4);
    is(m.macro_f1, (2.0 / 5 + 4.0 / 6 + 2.0 / 3 + 0) / 4);
}
END_TEST

/* The bins: 0.4 is in that which ends at 0.4, 0.6 in that which ends there, 1 in the last. */
START_TEST(calibration_by_hand)
{
    compute(six, COUNT(six), 6);
    ck_assert(m.bins[5].samples == 2 && m.bins[5].right == 1);
    ck_assert(m.bins[7].samples == 1 && m.bins[7].right == 1); /* 0.5 */
    ck_assert(m.bins[8].samples == 2 && m.bins[8].right == 0);
    ck_assert(m.bins[13].samples == 2 && m.bins[13].right == 1); /* 0.9 */
    ck_assert(m.bins[14].samples == 1 && m.bins[14].right == 1);
    is(m.bins[13].probability, 1.8);
    is(m.calibration_error, 2.0 / 8 * (0.5 - 0.4) + 1.0 / 8 * (1 - 0.5) + 2.0 / 8 * 0.6 + 2.0 / 8 * (0.9 - 0.5) + 0);
}
END_TEST

/* All classes are among the first five. */
START_TEST(few_classes_have_no_top5)
{
    compute(six, 4, 5);
    ck_assert(isnan(m.top5));
    metrics_release(&m);
    compute(six, 4, 6);
    is(m.top5, 1);
}
END_TEST

START_TEST(one_class)
{
    const real logit = 3;
    const metrics_sample s = metrics_sample_of(&logit, 1, 0, 0);
    ck_assert(s.predicted == 0 && s.rank == 0);
    is(s.loss, 0);
    is(s.probability, 1);
    compute(&s, 1, 1);
    is(m.accuracy, 1);
    is(m.macro_precision, 1);
    is(m.macro_recall, 1);
    is(m.macro_f1, 1);
    is(m.calibration_error, 0);
}
END_TEST

START_TEST(no_samples)
{
    metrics_pair *pairs = NULL;
    metrics_sample *worst = NULL;
    size_t n = 1;
    compute(NULL, 0, 3);
    ck_assert(isnan(m.accuracy) && isnan(m.macro_recall) && isnan(m.calibration_error) && m.present == 0);
    ck_assert_int_eq(metrics_pairs(&pairs, &n, NULL, 0), LS_OK);
    ck_assert_uint_eq(n, 0);
    ck_assert_uint_eq(metrics_confusions(pairs, 0), 0);
    ck_assert_int_eq(metrics_worst(&worst, &n, NULL, 0, 4), LS_OK);
    ck_assert_uint_eq(n, 0);
    free(worst);
    free(pairs);
}
END_TEST

static void pair_is(const metrics_pair *p, uint32_t label, uint32_t predicted, size_t count)
{
    ck_assert_msg(p->label == label && p->predicted == predicted && p->count == count, "%u as %u: %zu", p->label,
                  p->predicted, p->count);
}

START_TEST(confusions)
{
    metrics_pair *p = NULL;
    size_t n = 0;
    ck_assert_int_eq(metrics_pairs(&p, &n, six, COUNT(six)), LS_OK);
    ck_assert_uint_eq(n, 6);
    pair_is(&p[0], 0, 0, 1);
    pair_is(&p[1], 0, 1, 2);
    pair_is(&p[2], 1, 1, 2);
    pair_is(&p[3], 2, 2, 1);
    pair_is(&p[4], 2, 4, 1);
    pair_is(&p[5], 5, 0, 1);
    ck_assert_uint_eq(metrics_confusions(p, n), 3);
    pair_is(&p[0], 0, 1, 2);
    pair_is(&p[1], 2, 4, 1);
    pair_is(&p[2], 5, 0, 1);
    free(p);
}
END_TEST

START_TEST(largest_losses)
{
    metrics_sample *worst = NULL;
    size_t n = 0;
    ck_assert_int_eq(metrics_worst(&worst, &n, six, COUNT(six), 3), LS_OK);
    ck_assert(n == 3 && worst[0].position == 4 && worst[1].position == 6 && worst[2].position == 7);
    free(worst);
    ck_assert_int_eq(metrics_worst(&worst, &n, six, COUNT(six), 100), LS_OK);
    ck_assert(n == COUNT(six) && worst[7].position == 2);
    free(worst);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("metrics");
    tcase_add_checked_fixture(cases, NULL, tear_down);
    tcase_add_test(cases, a_sample_by_hand);
    tcase_add_test(cases, ties);
    tcase_add_test(cases, no_figure_improves_by_nan);
    tcase_add_test(cases, classes_by_hand);
    tcase_add_test(cases, means_by_hand);
    tcase_add_test(cases, calibration_by_hand);
    tcase_add_test(cases, few_classes_have_no_top5);
    tcase_add_test(cases, one_class);
    tcase_add_test(cases, no_samples);
    tcase_add_test(cases, confusions);
    tcase_add_test(cases, largest_losses);
    return suite_run("metrics", cases);
}
