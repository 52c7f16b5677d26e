/* Drawing and text in a picture of pixels. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "page/canvas.h"
#include "page/font.h"
#include "suite.h"

#define PAPER 0xffffffU
#define INK   0x102030U

static canvas_colour at(const canvas *c, size_t x, size_t y)
{
    const uint8_t *p = c->pixels + 3 * (y * c->width + x);
    return (canvas_colour)p[0] << 16 | (canvas_colour)p[1] << 8 | p[2];
}

/* Pixels in a rectangle that are not paper. */
static size_t inked(const canvas *c, size_t x, size_t y, size_t width, size_t height)
{
    size_t n = 0;
    for (size_t i = y; i < y + height; i++) {
        for (size_t k = x; k < x + width; k++) {
            n += at(c, k, i) != PAPER;
        }
    }
    return n;
}

START_TEST(drawing)
{
    static const uint8_t two[6] = {1, 2, 3, 4, 5, 6};
    canvas c = {0};
    ck_assert_int_eq(canvas_create(&c, 20, 10, PAPER), LS_OK);
    ck_assert_uint_eq(inked(&c, 0, 0, 20, 10), 0);
    canvas_fill(&c, 3, 4, 2, 5, INK);
    ck_assert_uint_eq(inked(&c, 0, 0, 20, 10), 10);
    ck_assert_uint_eq(inked(&c, 3, 4, 2, 5), 10);
    canvas_fill(&c, 18, 8, 100, 100, INK); /* cut at the edge */
    ck_assert_uint_eq(inked(&c, 0, 0, 20, 10), 14);
    canvas_copy(&c, 10, 1, two, 2, 1, 3);
    for (size_t i = 0; i < 9; i++) {
        ck_assert_uint_eq(at(&c, 10 + i % 3, 1 + i / 3), 0x010203);
        ck_assert_uint_eq(at(&c, 13 + i % 3, 1 + i / 3), 0x040506);
    }
    canvas_release(&c);
    ck_assert_int_eq(canvas_create(&c, 30, 30, PAPER), LS_OK);
    canvas_cross(&c, 5, 6, 11, INK);
    ck_assert_uint_eq(inked(&c, 0, 0, 30, 30), inked(&c, 5, 6, 11, 11));
    ck_assert_uint_eq(inked(&c, 5, 6, 11, 11), 40 + 17); /* the border, and two diagonals that meet */
    ck_assert_uint_eq(at(&c, 10, 11), INK);
    canvas_release(&c);
    ck_assert_int_eq(canvas_create(&c, 0, 5, PAPER), LS_EUSAGE);
    ck_assert_int_eq(canvas_create(&c, SIZE_MAX, 5, PAPER), LS_EUSAGE);
}
END_TEST

enum { GLYPHS = '~' - ' ' + 1 };

/* Each character is one of its own, of at most five by nine dots; blanks are empty. */
START_TEST(characters)
{
    static uint8_t drawn[GLYPHS][3 * 5 * FONT_HEIGHT];
    for (size_t i = 0; i < GLYPHS; i++) {
        const char text[2] = {(char)(' ' + i), '\0'};
        canvas c = {0};
        ck_assert_int_eq(canvas_create(&c, 5, FONT_HEIGHT, PAPER), LS_OK);
        const size_t width = font_draw(&c, 0, 0, 5, text, 1, INK);
        ck_assert_uint_eq(width, font_width(text, 1));
        ck_assert_uint_ge(width, 1);
        ck_assert_uint_le(width, 5);
        ck_assert_int_eq(inked(&c, 0, 0, 5, FONT_HEIGHT) == 0, i == 0);
        ck_assert_uint_eq(inked(&c, width, 0, 5 - width, FONT_HEIGHT), 0);
        memcpy(drawn[i], c.pixels, sizeof drawn[i]);
        for (size_t k = 0; k < i; k++) {
            ck_assert_msg(memcmp(drawn[i], drawn[k], sizeof drawn[i]) != 0, "%c and %c", ' ' + (int)i, ' ' + (int)k);
        }
        canvas_release(&c);
    }
}
END_TEST

START_TEST(texts)
{
    canvas c = {0};
    const size_t o = font_width("o", 1);
    ck_assert_uint_eq(font_width("", 1), 0);
    ck_assert_uint_eq(font_width("oo", 1), 2 * o + 1);
    ck_assert_uint_eq(font_width("oo", 3), 3 * (2 * o + 1));
    ck_assert_uint_eq(font_width("\xc3\xb6", 1), 5); /* one box for a character of two bytes, and for what is none */
    ck_assert_uint_eq(font_width("\xff\n", 1), 11);
    for (size_t room = 0; room < 120; room++) { /* never wider than the room, whole where it fits */
        static const char text[] = "class of \xe2\x82\xac names";
        const size_t whole = font_width(text, 1);
        ck_assert_int_eq(canvas_create(&c, 200, 20, PAPER), LS_OK);
        const size_t width = font_draw(&c, 10, 5, room, text, 1, INK);
        ck_assert_uint_le(width, room);
        ck_assert_int_eq(width == whole, room >= whole);
        ck_assert_uint_eq(inked(&c, 0, 0, 200, 20), inked(&c, 10, 5, width, FONT_HEIGHT));
        ck_assert_int_eq(inked(&c, 0, 0, 200, 20) > 0, width > 0);
        ck_assert(width > 0 || room < font_width("..", 1));
        canvas_release(&c);
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("canvas");
    tcase_add_test(cases, drawing);
    tcase_add_test(cases, characters);
    tcase_add_test(cases, texts);
    return suite_run("canvas", cases);
}
