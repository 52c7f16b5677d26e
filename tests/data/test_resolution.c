#include "data/resolution.h"

#include "suite.h"

static const resolution square = {224, 224};

static void expect(const resolution_options *o, resolution input, uint64_t epoch, size_t height, size_t width)
{
    const resolution size = resolution_of_epoch(o, input, epoch);
    ck_assert_uint_eq(size.height, height);
    ck_assert_uint_eq(size.width, width);
}

START_TEST(without_options_all_are_as_the_input)
{
    const resolution_options none = {0};
    const resolution oblong = {64, 97};
    for (uint64_t epoch = 0; epoch < 100; epoch += 33) {
        expect(&none, square, epoch, 224, 224);
        expect(&none, oblong, epoch, 64, 97);
    }
    ck_assert_uint_eq(resolution_largest(&none, oblong).width, 97);
    ck_assert_uint_eq(resolution_smallest(&none, oblong).width, 97);
}
END_TEST

START_TEST(one_size_for_training)
{
    const resolution_options o = {.last = 176, .multiple = 32};
    expect(&o, square, 0, 176, 176);
    expect(&o, square, 1000, 176, 176);
    ck_assert_uint_eq(resolution_largest(&o, square).height, 176);
}
END_TEST

/* As FFCV's: 160 in 5 epochs, 192 after 8, in multiples of 32; interpolated and rounded. */
START_TEST(it_grows_in_steps)
{
    const resolution_options o = {.first = 96, .last = 192, .from = 5, .until = 11, .multiple = 32};
    const size_t rows[] = {96, 96, 96, 96, 96, 96, 128, 128, 160, 160, 192, 192, 192};
    for (uint64_t epoch = 0; epoch < sizeof rows / sizeof *rows; epoch++) {
        expect(&o, square, epoch, rows[epoch], rows[epoch]);
    }
    expect(&o, square, UINT64_MAX, 192, 192);
    ck_assert_uint_eq(resolution_smallest(&o, square).height, 96);
    ck_assert_uint_eq(resolution_largest(&o, square).height, 192);
}
END_TEST

/* A multiple that the ends are none of: no epoch leaves them. */
START_TEST(never_beyond_its_ends)
{
    const resolution_options up = {.first = 100, .last = 200, .until = 10, .multiple = 64};
    const resolution_options down = {.first = 200, .last = 100, .until = 10, .multiple = 64};
    const resolution_options jump = {.first = 100, .from = 3, .until = 3, .multiple = 64};
    for (uint64_t epoch = 0; epoch < 12; epoch++) {
        const size_t a = resolution_of_epoch(&up, square, epoch).height;
        const size_t b = resolution_of_epoch(&down, square, epoch).height;
        ck_assert(a >= 100 && a <= 200 && b >= 100 && b <= 200);
        expect(&jump, square, epoch, epoch < 3 ? 100 : 224, epoch < 3 ? 100 : 224);
    }
    expect(&up, square, 0, 100, 100);
    expect(&up, square, 10, 200, 200);
    expect(&down, square, 0, 200, 200);
    expect(&down, square, 10, 100, 100);
}
END_TEST

START_TEST(columns_are_in_proportion)
{
    const resolution_options o = {.first = 48, .until = 4, .multiple = 16};
    const resolution wide = {96, 160};
    expect(&o, wide, 0, 48, 80);
    expect(&o, wide, 2, 80, 133); /* 72 is half way between two multiples, and 80 · 160/96 is 133.3 */
    expect(&o, wide, 4, 96, 160);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("resolution");
    tcase_add_test(cases, without_options_all_are_as_the_input);
    tcase_add_test(cases, one_size_for_training);
    tcase_add_test(cases, it_grows_in_steps);
    tcase_add_test(cases, never_beyond_its_ends);
    tcase_add_test(cases, columns_are_in_proportion);
    return suite_run("resolution", cases);
}
