#include <check.h>
#include <math.h>

#include "suite.h"

#include "data/mix.h"

enum { WIDTH = 20, HEIGHT = 12, DRAWS = 4000 };

static double variance_of(const mix_options *o, double *mean)
{
    double sum = 0;
    double squares = 0;
    for (uint64_t step = 0; step < DRAWS; step++) {
        const mix m = mix_draw(o, WIDTH, HEIGHT, 1, 0, step);
        ck_assert(m.share >= 0 && m.share <= 1);
        sum += m.share;
        squares += m.share * m.share;
    }
    *mean = sum / DRAWS;
    return squares / DRAWS - *mean * *mean;
}

/* Mean 1/2 and variance 1/(4·(2α + 1)). */
START_TEST(shares_are_of_a_beta_distribution)
{
    const double alphas[] = {0.1, 0.2, 1, 2, MIX_MOST_ALPHA};
    for (size_t i = 0; i < sizeof alphas / sizeof *alphas; i++) {
        double mean = 0;
        const double variance = variance_of(&(mix_options){.mixup = alphas[i]}, &mean);
        const double expected = 1 / (4 * (2 * alphas[i] + 1));
        ck_assert_double_eq_tol(mean, 0.5, 4 * sqrt(expected / DRAWS));
        ck_assert_double_eq_tol(variance, expected, 0.08 * expected);
    }
}
END_TEST

/* A box lies in the picture, and the share is that of the pixels outside it. */
START_TEST(boxes)
{
    static real picture[HEIGHT * WIDTH * 3], before[HEIGHT * WIDTH * 3];
    for (uint64_t step = 0; step < 200; step++) {
        const mix m = mix_draw(&(mix_options){.cutmix = 1}, WIDTH, HEIGHT, 2, 1, step);
        size_t own = 0;
        ck_assert(m.cut && m.right <= WIDTH && m.bottom <= HEIGHT && m.left <= m.right && m.top <= m.bottom);
        for (size_t i = 0; i < sizeof picture / sizeof *picture; i++) {
            picture[i] = 1;
            before[i] = 2;
        }
        mix_picture(&m, picture, before, WIDTH, HEIGHT);
        for (size_t i = 0; i < sizeof picture / sizeof *picture; i++) {
            own += picture[i] == 1;
        }
        ck_assert_double_eq_tol((double)own / (sizeof picture / sizeof *picture), m.share, 1e-12);
    }
}
END_TEST

START_TEST(sums)
{
    real picture[3] = {1, 2, 3}, before[3] = {5, 6, 7};
    const mix m = {.share = 0.75};
    mix_picture(&m, picture, before, 1, 1);
    ck_assert(picture[0] == 2 && picture[1] == 3 && picture[2] == 4);
}
END_TEST

START_TEST(draws_depend_on_seed_epoch_and_step)
{
    const mix_options o = {.mixup = 0.4};
    const double share = mix_draw(&o, WIDTH, HEIGHT, 1, 2, 3).share;
    ck_assert(mix_draw(&o, WIDTH, HEIGHT, 1, 2, 3).share == share);
    ck_assert(mix_draw(&o, WIDTH, HEIGHT, 2, 2, 3).share != share);
    ck_assert(mix_draw(&o, WIDTH, HEIGHT, 1, 3, 3).share != share);
    ck_assert(mix_draw(&o, WIDTH, HEIGHT, 1, 2, 4).share != share);
    ck_assert(mix_draw(&(mix_options){0}, WIDTH, HEIGHT, 1, 2, 3).share == 1);
}
END_TEST

START_TEST(both_have_half_of_the_batches)
{
    const mix_options o = {.mixup = 0.2, .cutmix = 1};
    int cut = 0;
    for (uint64_t step = 0; step < DRAWS; step++) {
        cut += mix_draw(&o, WIDTH, HEIGHT, 1, 0, step).cut;
    }
    ck_assert_double_eq_tol((double)cut / DRAWS, 0.5, 0.04);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("mix");
    tcase_add_test(cases, shares_are_of_a_beta_distribution);
    tcase_add_test(cases, boxes);
    tcase_add_test(cases, sums);
    tcase_add_test(cases, draws_depend_on_seed_epoch_and_step);
    tcase_add_test(cases, both_have_half_of_the_batches);
    return suite_run("mix", cases);
}
