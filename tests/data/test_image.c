/* PNG and JPEG in memory: what goes in comes out, damage is an error. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "suite.h"

#include "base/error.h"
#include "base/random.h"
#include "data/image.h"

enum { WIDTH = 37, HEIGHT = 21 };

/* A JPEG of the given components, owned by the caller. */
static uint8_t *make_jpeg(const uint8_t *pixels, int components, J_COLOR_SPACE space, size_t *size)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *out = NULL;
    unsigned long n = 0;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &out, &n);
    jpeg.image_width = WIDTH;
    jpeg.image_height = HEIGHT;
    jpeg.input_components = components;
    jpeg.in_color_space = space;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 100, TRUE);
    jpeg_start_compress(&jpeg, TRUE);
    while (jpeg.next_scanline < jpeg.image_height) {
        JSAMPROW row[1] = {(JSAMPROW)(pixels + (size_t)jpeg.next_scanline * WIDTH * (size_t)components)};
        (void)jpeg_write_scanlines(&jpeg, row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    *size = n;
    return out;
}

static void noise(uint8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = (uint8_t)random_bits(1, RANDOM_TEST, i);
    }
}

START_TEST(png_round_trip)
{
    uint8_t rgb[WIDTH * HEIGHT * 3];
    noise(rgb, sizeof rgb);
    uint8_t *png = NULL;
    size_t size = 0;
    image i = {0};
    ck_assert_int_eq(image_encode_png(&png, &size, rgb, WIDTH, HEIGHT, 3), LS_OK);
    ck_assert_int_eq(image_kind_of(png, size), IMAGE_PNG);
    ck_assert_int_eq(image_decode(&i, png, size), LS_OK);
    ck_assert_uint_eq(i.width, WIDTH);
    ck_assert_uint_eq(i.height, HEIGHT);
    ck_assert_mem_eq(i.pixels, rgb, sizeof rgb);
    for (size_t cut = 0; cut < size - 12; cut += 7) { /* the end chunk */
        ck_assert_int_eq(image_decode(&i, png, cut), LS_EFORMAT);
    }
    png[size / 2] ^= 4;
    ck_assert_int_eq(image_decode(&i, png, size), LS_EFORMAT);
    free(png);

    ck_assert_int_eq(image_encode_png(&png, &size, rgb, WIDTH, HEIGHT, 1), LS_OK);
    ck_assert_int_eq(image_decode(&i, png, size), LS_OK);
    for (size_t p = 0; p < (size_t)WIDTH * HEIGHT; p++) {
        ck_assert(i.pixels[3 * p] == rgb[p] && i.pixels[3 * p + 1] == rgb[p] && i.pixels[3 * p + 2] == rgb[p]);
    }
    free(png);
    ck_assert_int_eq(image_encode_png(&png, &size, rgb, 0, HEIGHT, 1), LS_EUSAGE);
    ck_assert_int_eq(image_encode_png(&png, &size, rgb, WIDTH, HEIGHT, 2), LS_EUSAGE);
    image_release(&i);
}
END_TEST

START_TEST(jpeg_round_trip)
{
    static const int components[3] = {1, 3, 4};
    static const J_COLOR_SPACE spaces[3] = {JCS_GRAYSCALE, JCS_RGB, JCS_CMYK};
    uint8_t pixels[WIDTH * HEIGHT * 4];
    image i = {0};
    for (int k = 0; k < 3; k++) {
        memset(pixels, 200, sizeof pixels);
        size_t size = 0;
        uint8_t *jpeg = make_jpeg(pixels, components[k], spaces[k], &size);
        ck_assert_int_eq(image_kind_of(jpeg, size), IMAGE_JPEG);
        ck_assert_int_eq(image_decode(&i, jpeg, size), LS_OK);
        ck_assert_uint_eq(i.width, WIDTH);
        ck_assert_uint_eq(i.height, HEIGHT);
        /* CMYK is stored inverted: 200 is little ink, times 200 of little black */
        const int want = k == 2 ? (200 * 200 + 127) / 255 : 200;
        for (size_t p = 0; p < (size_t)WIDTH * HEIGHT * 3; p++) {
            ck_assert_int_le(abs(i.pixels[p] - want), 1);
        }
        free(jpeg);
    }
    image_release(&i);
}
END_TEST

START_TEST(damaged_jpeg)
{
    uint8_t pixels[WIDTH * HEIGHT * 3];
    noise(pixels, sizeof pixels);
    size_t size = 0;
    image i = {0};
    uint8_t *jpeg = make_jpeg(pixels, 3, JCS_RGB, &size);
    ck_assert_int_eq(image_decode(&i, jpeg, size), LS_OK);
    for (size_t cut = 0; cut < size - 64; cut += 11) {
        uint8_t *part = malloc(cut + 1); /* of its own size, so that a read past the end is seen */
        ck_assert_ptr_nonnull(part);
        memcpy(part, jpeg, cut);
        ck_assert_int_eq(image_decode(&i, part, cut), LS_EFORMAT);
        free(part);
    }
    for (uint64_t k = 0; k < 300; k++) { /* any outcome but a crash */
        uint8_t *bad = malloc(size);
        ck_assert_ptr_nonnull(bad);
        memcpy(bad, jpeg, size);
        for (uint64_t b = 0; b < 4; b++) {
            bad[random_below(k, RANDOM_TEST, b, size)] ^= (uint8_t)(1u << (b + k) % 8);
        }
        (void)image_decode(&i, bad, size);
        free(bad);
    }
    ck_assert_int_eq(image_decode(&i, (const uint8_t *)"GIF89a", 6), LS_EFORMAT);
    ck_assert_int_eq(image_decode(&i, (const uint8_t *)"", 0), LS_EFORMAT);
    ck_assert_int_eq(image_reserve(&i, 10001, 10000), LS_EFORMAT);
    ck_assert_int_eq(image_reserve(&i, IMAGE_MAX_SIDE + 1, 1), LS_EFORMAT);
    ck_assert_int_eq(image_reserve(&i, 0, 1), LS_EFORMAT);
    free(jpeg);
    image_release(&i);
}
END_TEST

int main(void)
{
    TCase *c = tcase_create("image");
    tcase_add_test(c, png_round_trip);
    tcase_add_test(c, jpeg_round_trip);
    tcase_add_test(c, damaged_jpeg);
    return suite_run("image", c);
}
