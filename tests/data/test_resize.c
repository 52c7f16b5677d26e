/* Resizing against values worked out by hand. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

#include "base/error.h"
#include "base/random.h"
#include "data/resize.h"

/* One line of gray pixels, resized to n x 1 in 0..255. */
static void resize_gray(double *out, size_t n, const uint8_t *values, size_t count, resize_box box, bool mirror)
{
    uint8_t pixels[64 * 3];
    real wide[64 * 3];
    resize_space space = {0};
    for (size_t i = 0; i < count; i++) {
        memset(pixels + 3 * i, values[i], 3);
    }
    const image in = {.pixels = pixels, .width = count, .height = 1};
    ck_assert_int_eq(resize_picture(wide, n, 1, &in, box, mirror, RESIZE_UNIT, &space), LS_OK);
    for (size_t i = 0; i < n; i++) {
        ck_assert(wide[3 * i] == wide[3 * i + 1] && wide[3 * i] == wide[3 * i + 2]);
        out[i] = (double)wide[3 * i] * 255;
    }
    resize_space_release(&space);
}

static void expect(const double *got, const double *want, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ck_assert_double_eq_tol(got[i], want[i], 1e-4);
    }
}

START_TEST(by_hand)
{
    const uint8_t four[4] = {0, 80, 160, 240};
    double out[8];
    const resize_box all = {0, 0, 4, 1};
    resize_gray(out, 4, four, 4, all, false);
    expect(out, (const double[]){0, 80, 160, 240}, 4);
    resize_gray(out, 4, four, 4, all, true);
    expect(out, (const double[]){240, 160, 80, 0}, 4);
    /* doubled: centres at 0.25, 0.75, 1.25 ...; held at the ends */
    resize_gray(out, 8, four, 4, all, false);
    expect(out, (const double[]){0, 20, 60, 100, 140, 180, 220, 240}, 8);
    /* halved: centre 1, reach 2: weights .75 .75 .25 of pixels 0 1 2 (pixel -1 is outside) */
    resize_gray(out, 2, four, 4, all, false);
    const double left = (0.75 * 0 + 0.75 * 80 + 0.25 * 160) / 1.75;
    expect(out, (const double[]){left, 240 - left}, 2);
    /* a box of the two in the middle, same size */
    resize_gray(out, 2, four, 4, (resize_box){1, 0, 2, 1}, false);
    expect(out, (const double[]){80, 160}, 2);
    /* one pixel becomes many */
    resize_gray(out, 3, four + 2, 1, (resize_box){0, 0, 1, 1}, false);
    expect(out, (const double[]){160, 160, 160}, 3);
}
END_TEST

START_TEST(both_directions_and_ranges)
{
    uint8_t pixels[12] = {0, 255, 255, 255, 255, 255, 0, 255, 255, 255, 255, 255};
    const image in = {.pixels = pixels, .width = 2, .height = 2};
    real out[3];
    resize_space space = {0};
    const resize_box all = {0, 0, 2, 2};
    ck_assert_int_eq(resize_picture(out, 1, 1, &in, all, false, RESIZE_UNIT, &space), LS_OK);
    ck_assert_double_eq_tol((double)out[0], 0.5, 1e-6);
    ck_assert_double_eq_tol((double)out[1], 1, 1e-6);
    ck_assert_int_eq(resize_picture(out, 1, 1, &in, all, false, RESIZE_SIGNED, &space), LS_OK);
    ck_assert_double_eq_tol((double)out[0], 0, 1e-6);
    ck_assert_double_eq_tol((double)out[2], 1, 1e-6);
    resize_space_release(&space);
}
END_TEST

START_TEST(fitting)
{
    resize_box b = resize_fit_box(RESIZE_STRETCH, 500, 300, 224, 224);
    ck_assert(b.x == 0 && b.y == 0 && b.width == 500 && b.height == 300);
    b = resize_fit_box(RESIZE_CROP, 500, 300, 224, 224);
    ck_assert(b.x == 100 && b.y == 0 && b.width == 300 && b.height == 300);
    b = resize_fit_box(RESIZE_CROP, 300, 500, 200, 100);
    ck_assert(b.x == 0 && b.y == 175 && b.width == 300 && b.height == 150);
}
END_TEST

START_TEST(extreme_shapes)
{
    uint8_t *pixels = malloc(3000 * 3);
    ck_assert_ptr_nonnull(pixels);
    memset(pixels, 100, 3000 * 3);
    real out[7 * 5 * 3];
    resize_space space = {0};
    const image wide = {.pixels = pixels, .width = 3000, .height = 1};
    const image tall = {.pixels = pixels, .width = 1, .height = 3000};
    ck_assert_int_eq(resize_picture(out, 7, 5, &wide, (resize_box){0, 0, 3000, 1}, false, RESIZE_UNIT, &space), LS_OK);
    ck_assert_double_eq_tol((double)out[50], 100 / 255.0, 1e-5);
    ck_assert_int_eq(resize_picture(out, 7, 5, &tall, (resize_box){0, 0, 1, 3000}, true, RESIZE_UNIT, &space), LS_OK);
    ck_assert_double_eq_tol((double)out[104], 100 / 255.0, 1e-5);
    for (double at = 0; at < 2990; at += 13.7) { /* boxes that are not of whole pixels */
        ck_assert_int_eq(
            resize_picture(out, 7, 5, &wide, (resize_box){at, 0, 3000 - at, 1}, false, RESIZE_UNIT, &space), LS_OK);
        ck_assert_double_eq_tol((double)out[18], 100 / 255.0, 1e-5);
    }
    resize_space_release(&space);
    free(pixels);
}
END_TEST

/* Down a tall picture as along a wide one, with memory for the lines of a few outputs only. */
START_TEST(tall_as_wide)
{
    enum { LONG = 4000, MOST = 300 };
    static uint8_t pixels[LONG * 3];
    real along[MOST * 3];
    real down[MOST * 3];
    for (size_t i = 0; i < sizeof pixels; i++) {
        pixels[i] = (uint8_t)random_bits(1, RANDOM_TEST, i);
    }
    for (size_t n = 20; n <= MOST; n += 35) {
        resize_space space = {0};
        for (size_t length = n / 2; length <= LONG; length = 3 * length + 1) {
            const image wide = {.pixels = pixels, .width = length, .height = 1};
            const image tall = {.pixels = pixels, .width = 1, .height = length};
            const double start = (double)length * 0.2;
            const double part = (double)length * 0.7;
            ck_assert_int_eq(
                resize_picture(along, n, 1, &wide, (resize_box){start, 0, part, 1}, false, RESIZE_UNIT, &space), LS_OK);
            ck_assert_int_eq(
                resize_picture(down, 1, n, &tall, (resize_box){0, start, 1, part}, false, RESIZE_UNIT, &space), LS_OK);
            for (size_t i = 0; i < 3 * n; i++) {
                ck_assert_double_eq_tol((double)down[i], (double)along[i], 1e-5);
            }
        }
        const size_t taps = 2 * (LONG / n + 1) + 1;
        const size_t lines = 3 * n + 3 * 2 * taps;
        ck_assert_uint_le(space.bytes, (lines + taps * n + 3) * sizeof(real) + 2 * (n + 1) * sizeof(size_t));
        resize_space_release(&space);
    }
}
END_TEST

int main(void)
{
    TCase *c = tcase_create("resize");
    tcase_add_test(c, by_hand);
    tcase_add_test(c, both_directions_and_ranges);
    tcase_add_test(c, fitting);
    tcase_add_test(c, extreme_shapes);
    tcase_add_test(c, tall_as_wide);
    return suite_run("resize", c);
}
