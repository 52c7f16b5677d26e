/* A contact sheet: each picture in its place under its class's name, and a crossed box for one that cannot be read. */
#include "data/montage.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "data/dataset_writer.h"
#include "data/image.h"
#include "page/font.h"
#include "scratch.h"
#include "suite.h"

enum { SIDE = MONTAGE_SIDE, SPACE = 16, HEADING = 2 * FONT_HEIGHT + 4, PITCH = SIDE + 4 };

#define PAPER 0xffffffU
#define CELL  0xeeeeeeU

/* Of one colour. */
static dataset_item picture(canvas_colour colour, size_t width, size_t height, int32_t label)
{
    dataset_item item = {.label = label, .name = strdup("some picture")};
    uint8_t *pixels = malloc(3 * width * height);
    ck_assert(pixels != NULL && item.name != NULL);
    for (size_t i = 0; i < width * height; i++) {
        const uint8_t rgb[3] = {(uint8_t)(colour >> 16), (uint8_t)(colour >> 8), (uint8_t)colour};
        memcpy(pixels + 3 * i, rgb, 3);
    }
    ck_assert_int_eq(image_encode_png(&item.bytes, &item.size, pixels, width, height, 3), LS_OK);
    item.hash = hash_bytes(HASH_START, item.bytes, item.size);
    free(pixels);
    return item;
}

/* Draws a data set of these, and frees them. */
static void draw(image *out, montage_count *count, dataset_item *items, size_t n, const char *const *classes,
                 size_t class_count)
{
    dataset *d = NULL;
    dataset_buffer file = {0};
    size_t size = 0;
    ck_assert_int_eq(dataset_write(scratch("d.h5"), items, n, classes, class_count), LS_OK);
    ck_assert_int_eq(dataset_open_unread(&d, scratch("d.h5")), LS_OK);
    ck_assert_msg(montage_write(scratch("d.png"), count, d) == LS_OK, "%s", error_message());
    dataset_free(d);
    for (size_t i = 0; i < n; i++) {
        free(items[i].bytes);
        free(items[i].name);
    }
    ck_assert_int_eq(dataset_read_file(&file, &size, scratch("d.png"), 1 << 28), LS_OK);
    ck_assert_int_eq(image_decode(out, file.bytes, size), LS_OK);
    free(file.bytes);
}

static canvas_colour at(const image *i, size_t x, size_t y)
{
    const uint8_t *p = i->pixels + 3 * (y * i->width + x);
    return (canvas_colour)p[0] << 16 | (canvas_colour)p[1] << 8 | p[2];
}

static size_t count_other(const image *i, size_t x, size_t y, size_t width, size_t height, canvas_colour colour)
{
    size_t n = 0;
    for (size_t row = y; row < y + height; row++) {
        for (size_t column = x; column < x + width; column++) {
            n += at(i, column, row) != colour;
        }
    }
    return n;
}

/* A square holds a rectangle of a colour in its middle, and nothing else. */
static void holds(const image *i, size_t x, size_t y, canvas_colour colour, size_t width, size_t height)
{
    ck_assert_uint_eq(count_other(i, x + (SIDE - width) / 2, y + (SIDE - height) / 2, width, height, colour), 0);
    ck_assert_uint_eq(count_other(i, x, y, SIDE, SIDE, CELL), width * height);
}

START_TEST(places)
{
    static const char *const classes[] = {"ant", "none", "bee"};
    image sheet = {0};
    montage_count count;
    dataset_item items[] = {picture(0xff0000, 8, 8, 0),   picture(0x00ff00, 200, 100, 2), picture(0x0000ff, 30, 400, 0),
                            picture(0xffff00, 96, 96, 2), picture(0x00ffff, 50, 49, 2),   picture(0x123456, 5, 5, 2),
                            picture(0x654321, 8, 8, 2)};
    memset(items[5].bytes + 20, 0, 20); /* no picture, and the right checksum */
    items[5].hash = hash_bytes(HASH_START, items[5].bytes, items[5].size);
    items[6].hash++; /* a picture, and another checksum */
    draw(&sheet, &count, items, 7, classes, 3);
    ck_assert_uint_eq(count.classes, 3);
    ck_assert_uint_eq(count.pictures, 7);
    ck_assert_uint_eq(count.unread, 2);
    ck_assert_uint_eq(sheet.width, 8 * PITCH - 4 + 2 * SPACE);
    ck_assert_uint_eq(sheet.height, 3 * (HEADING + SIDE + SPACE) + SPACE);
    for (size_t c = 0; c < 3; c++) { /* names, and nothing to the right of the last picture */
        const size_t y = SPACE + c * (HEADING + SIDE + SPACE);
        const size_t shown[3] = {2, 0, 5};
        ck_assert_uint_gt(count_other(&sheet, SPACE, y, font_width(classes[c], 2), 2 * FONT_HEIGHT, PAPER), 30);
        ck_assert_uint_eq(
            count_other(&sheet, SPACE + shown[c] * PITCH, y + HEADING, (8 - shown[c]) * PITCH, SIDE, PAPER), 0);
    }
    const size_t first = SPACE + HEADING;
    const size_t third = first + 2 * (HEADING + SIDE + SPACE);
    holds(&sheet, SPACE, first, 0xff0000, 96, 96);        /* 12 times as large */
    holds(&sheet, SPACE + PITCH, first, 0x0000ff, 7, 96); /* shrunk */
    holds(&sheet, SPACE, third, 0x00ff00, 96, 48);
    holds(&sheet, SPACE + PITCH, third, 0xffff00, 96, 96);
    holds(&sheet, SPACE + 2 * PITCH, third, 0x00ffff, 50, 49); /* twice as large would be too large */
    for (size_t k = 3; k < 5; k++) {
        const size_t x = SPACE + k * PITCH;
        ck_assert_uint_eq(at(&sheet, x, third), at(&sheet, x + SIDE - 1, third + SIDE - 1));
        ck_assert_uint_ne(at(&sheet, x + SIDE / 2, third + SIDE / 2), CELL);
        ck_assert_uint_eq(at(&sheet, x + SIDE / 4, third + SIDE / 2), CELL);
    }
    image_release(&sheet);
}
END_TEST

/* Of many, those that lie evenly among them. */
START_TEST(chosen)
{
    enum { N = 40, CLASSES = 300 };
    static const char *const one[] = {"a"};
    static dataset_item items[CLASSES];
    static char names[CLASSES][16];
    const char *many[CLASSES];
    image sheet = {0};
    montage_count count;
    for (size_t i = 0; i < N; i++) {
        items[i] = picture((canvas_colour)(i * 4), 8, 8, 0);
    }
    draw(&sheet, &count, items, N, one, 1);
    ck_assert_uint_eq(count.pictures, 8);
    for (size_t k = 0; k < 8; k++) {
        ck_assert_uint_eq(at(&sheet, SPACE + k * PITCH + 1, SPACE + HEADING + 1), (2 * k + 1) * N / 16 * 4);
    }
    for (size_t i = 0; i < CLASSES; i++) {
        (void)snprintf(names[i], sizeof names[i], "%zu", i);
        many[i] = names[i];
        items[i] = picture((canvas_colour)i, 8, 8, (int32_t)i);
    }
    draw(&sheet, &count, items, CLASSES, many, CLASSES);
    ck_assert_uint_eq(count.classes, 256);
    ck_assert_uint_eq(count.pictures, 256);
    ck_assert_uint_eq(sheet.width, 16 * (SIDE + SPACE) + SPACE);
    ck_assert_uint_eq(sheet.height, 16 * (HEADING + SIDE + SPACE) + SPACE);
    for (size_t i = 0; i < 256; i++) {
        const size_t x = SPACE + i % 16 * (SIDE + SPACE);
        const size_t y = SPACE + i / 16 * (HEADING + SIDE + SPACE) + HEADING;
        ck_assert_uint_eq(at(&sheet, x + 1, y + 1), i * CLASSES / 256);
    }
    image_release(&sheet);
}
END_TEST

int main(void)
{
    scratch_make();
    TCase *cases = tcase_create("montage");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, places);
    tcase_add_test(cases, chosen);
    const int failed = suite_run("montage", cases);
    scratch_remove();
    return failed;
}
