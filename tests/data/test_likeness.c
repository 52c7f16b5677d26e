/* Copies of a picture that look the same have the same likeness, other pictures have others, and some have none. */
#include "data/likeness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "data/image.h"
#include "data/orientation.h"
#include "suite.h"

enum { PICTURES = 200 };

static likeness_space space;

static uint64_t likeness(const image *i)
{
    uint64_t out = 1;
    ck_assert_int_eq(likeness_of(&out, i->pixels, i->width, i->height, i->orientation, &space), LS_OK);
    return out;
}

static double number(uint64_t picture, uint64_t at, double low, double high)
{
    return low + (high - low) * (double)(random_bits(picture, RANDOM_TEST, at) >> 11) * 0x1p-53;
}

/* Spots of light of all sizes and a little noise, as a photo has them: painted at any size, it is the same picture. */
static void paint(image *out, uint64_t picture, size_t width, size_t height)
{
    enum { SPOTS = 40 };
    ck_assert_int_eq(image_reserve(out, width, height), LS_OK);
    out->orientation = ORIENTATION_UPRIGHT;
    for (size_t y = 0; y < height; y++) {
        for (size_t x = 0; x < width; x++) {
            double value = 110;
            for (uint64_t k = 0; k < SPOTS; k++) {
                const double dx = ((double)x + 0.5) / (double)width - number(picture, 4 * k, 0, 1);
                const double dy = ((double)y + 0.5) / (double)height - number(picture, 4 * k + 1, 0, 1);
                const double radius = number(picture, 4 * k + 2, 0.02, 0.2);
                value += number(picture, 4 * k + 3, -90, 90) * exp(-(dx * dx + dy * dy) / (radius * radius));
            }
            value += number(picture, 1000 + y * width + x, -4, 4);
            for (size_t c = 0; c < 3; c++) {
                const double shade = value * (1 - 0.1 * (double)c);
                out->pixels[3 * (y * width + x) + c] = (uint8_t)(shade < 0 ? 0 : shade > 255 ? 255 : shade);
            }
        }
    }
}

static bool same_when_encoded(const image *i, int quality)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    image seen = {0};
    ck_assert_int_eq(image_encode_jpeg(&bytes, &size, i->pixels, i->width, i->height, quality), LS_OK);
    ck_assert_int_eq(image_decode(&seen, bytes, size), LS_OK);
    const bool same = likeness(&seen) == likeness(i);
    free(bytes);
    image_release(&seen);
    return same;
}

START_TEST(copies_and_others)
{
    uint64_t all[PICTURES];
    size_t at_90 = 0;
    size_t at_60 = 0;
    size_t half = 0;
    image i = {0};
    image small = {0};
    for (size_t k = 0; k < PICTURES; k++) {
        paint(&i, k + 1, 160, 120);
        paint(&small, k + 1, 80, 60);
        all[k] = likeness(&i);
        ck_assert_uint_ne(all[k], 0);
        at_90 += same_when_encoded(&i, 90);
        at_60 += same_when_encoded(&i, 60);
        half += likeness(&small) == all[k];
        for (size_t other = 0; other < k; other++) {
            ck_assert_uint_ne(all[k], all[other]);
        }
    }
    ck_assert_uint_ge(at_90, PICTURES * 90 / 100);
    ck_assert_uint_ge(at_60, PICTURES * 70 / 100);
    ck_assert_uint_ge(half, PICTURES * 70 / 100);
    image_release(&i);
    image_release(&small);
}
END_TEST

/* Each pixel four times: exactly the same means. The last has more rows a strip than sums of 16 bits hold. */
START_TEST(same_sums)
{
    static const size_t sizes[][2] = {{32, 32}, {33, 32}, {32, 47}, {101, 63}, {64, 64}, {32, 4800}};
    image i = {0};
    image large = {0};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        const size_t width = sizes[k][0];
        const size_t height = sizes[k][1];
        paint(&i, k + 1, width, height);
        ck_assert_int_eq(image_reserve(&large, 2 * width, 2 * height), LS_OK);
        large.orientation = ORIENTATION_UPRIGHT;
        for (size_t at = 0; at < 4 * width * height; at++) {
            const size_t from = at / (2 * width) / 2 * width + at % (2 * width) / 2;
            memcpy(large.pixels + 3 * at, i.pixels + 3 * from, 3);
        }
        ck_assert_uint_ne(likeness(&i), 0);
        ck_assert_uint_eq(likeness(&i), likeness(&large));
    }
    image_release(&i);
    image_release(&large);
}
END_TEST

/* A tag is followed: as if the picture were stored as it is to be seen. */
START_TEST(turned)
{
    uint64_t seen[ORIENTATION_LAST + 1];
    image i = {0};
    image space_to_turn = {0};
    for (int o = ORIENTATION_UPRIGHT; o <= ORIENTATION_LAST; o++) {
        paint(&i, 7, 90, 57);
        i.orientation = o;
        seen[o] = likeness(&i);
        ck_assert_int_eq(orientation_turn(&i, &space_to_turn), LS_OK);
        ck_assert_uint_eq(seen[o], likeness(&i));
        for (int other = ORIENTATION_UPRIGHT; other < o; other++) {
            ck_assert_uint_ne(seen[o], seen[other]);
        }
    }
    image_release(&i);
    image_release(&space_to_turn);
}
END_TEST

/* What has no likeness: small ones, one colour, a little noise on it, stripes, a slope. */
START_TEST(none)
{
    image i = {0};
    paint(&i, 3, 31, 200);
    ck_assert_uint_eq(likeness(&i), 0);
    paint(&i, 3, 200, 31);
    ck_assert_uint_eq(likeness(&i), 0);
    paint(&i, 3, 32, 32);
    ck_assert_uint_ne(likeness(&i), 0);
    for (int kind = 0; kind < 5; kind++) {
        for (size_t y = 0; y < 100; y++) {
            for (size_t x = 0; x < 100; x++) {
                const size_t values[5] = {0, 255, 100 + random_bits(1, RANDOM_TEST, y * 100 + x) % 2,
                                          200 * (y / 10 % 2), x + 50};
                ck_assert_int_eq(image_reserve(&i, 100, 100), LS_OK);
                memset(i.pixels + 3 * (y * 100 + x), (int)values[kind], 3);
            }
        }
        ck_assert_msg(likeness(&i) == 0, "kind %d", kind);
    }
    image_release(&i);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("likeness");
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, copies_and_others);
    tcase_add_test(cases, same_sums);
    tcase_add_test(cases, turned);
    tcase_add_test(cases, none);
    return suite_run("likeness", cases);
}
