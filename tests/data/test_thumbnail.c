#include "data/thumbnail.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "suite.h"

/* A picture of four quarters of one colour each. */
static void make_picture(image *out, size_t width, size_t height)
{
    static const uint8_t colours[4][3] = {{250, 10, 10}, {10, 250, 10}, {10, 10, 250}, {250, 250, 250}};
    ck_assert_int_eq(image_reserve(out, width, height), LS_OK);
    for (size_t y = 0; y < height; y++) {
        for (size_t x = 0; x < width; x++) {
            memcpy(out->pixels + 3 * (y * width + x), colours[2 * (y >= height / 2) + (x >= width / 2)], 3);
        }
    }
}

/* The thumbnail as any program would see it. */
static void look(image *out, const thumbnail *t)
{
    ck_assert_int_eq(image_kind_of(t->bytes, t->size), t->kind);
    ck_assert_int_eq(image_decode(out, t->bytes, t->size), LS_OK);
    ck_assert_uint_eq(out->width, t->width);
    ck_assert_uint_eq(out->height, t->height);
    ck_assert_str_eq(out->note, "");
}

START_TEST(small_is_exact)
{
    thumbnail t;
    image i = {0};
    image seen = {0};
    make_picture(&i, 8, 6);
    ck_assert_int_eq(thumbnail_make(&t, &i, 96), LS_OK);
    ck_assert_int_eq(t.kind, IMAGE_PNG);
    look(&seen, &t);
    ck_assert_mem_eq(seen.pixels, i.pixels, (size_t)8 * 6 * 3);
    thumbnail_release(&t);
    ck_assert_ptr_null(t.bytes);
    image_release(&seen);
    image_release(&i);
}
END_TEST

START_TEST(large_is_shrunk)
{
    static const size_t sizes[][4] = {{400, 300, 96, 72}, {300, 400, 72, 96}, {97, 97, 96, 96}, {9000, 1, 96, 1}};
    image i = {0};
    image seen = {0};
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        thumbnail t;
        make_picture(&i, sizes[k][0], sizes[k][1]);
        ck_assert_int_eq(thumbnail_make(&t, &i, 96), LS_OK);
        ck_assert_int_eq(t.kind, IMAGE_JPEG);
        ck_assert_uint_eq(t.width, sizes[k][2]);
        ck_assert_uint_eq(t.height, sizes[k][3]);
        ck_assert_uint_lt(t.size, 8000);
        look(&seen, &t);
        for (size_t c = 0; c < 3 && t.height > 1; c++) { /* the middle of the first and the last quarter */
            const uint8_t *first = seen.pixels + 3 * (t.height / 4 * t.width + t.width / 4);
            const uint8_t *last = seen.pixels + 3 * (3 * t.height / 4 * t.width + 3 * t.width / 4);
            ck_assert_int_le(abs(first[c] - (c == 0 ? 250 : 10)), 12);
            ck_assert_int_le(abs(last[c] - 250), 12);
        }
        thumbnail_release(&t);
    }
    image_release(&seen);
    image_release(&i);
}
END_TEST

START_TEST(jpegs_of_any_size)
{
    static const size_t sides[] = {1, 7, 8, 9, 64, 257};
    uint8_t *noise = malloc((size_t)257 * 257 * 3);
    uint32_t random = 1;
    ck_assert_ptr_nonnull(noise);
    for (size_t k = 0; k < (size_t)257 * 257 * 3; k++) {
        random = random * 1664525 + 1013904223;
        noise[k] = (uint8_t)(random >> 24);
    }
    for (size_t k = 0; k < sizeof sides / sizeof sides[0]; k++) {
        image seen = {0};
        uint8_t *bytes = NULL;
        size_t size = 0;
        ck_assert_int_eq(image_encode_jpeg(&bytes, &size, noise, sides[k], sides[k], 100), LS_OK);
        ck_assert_int_eq(image_decode(&seen, bytes, size), LS_OK);
        ck_assert_uint_eq(seen.width, sides[k]);
        free(bytes);
        image_release(&seen);
    }
    uint8_t *bytes = NULL;
    size_t size = 1;
    ck_assert_int_eq(image_encode_jpeg(&bytes, &size, noise, 0, 5, 80), LS_EUSAGE);
    ck_assert_ptr_null(bytes);
    free(noise);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("thumbnail");
    tcase_add_test(cases, small_is_exact);
    tcase_add_test(cases, large_is_shrunk);
    tcase_add_test(cases, jpegs_of_any_size);
    return suite_run("thumbnail", cases);
}
