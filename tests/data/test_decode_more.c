/* BMP, GIF, WebP, TIFF, AVIF and HEIC: what goes in comes out, whatever is cut or damaged; and files of other kinds. */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

#include "files.h"
#include "fuzz/pictures_more.h"

#include "base/random.h"

static bool next(file *f, more_about *about, size_t *number)
{
    while (*number < more_count()) {
        f->size = more_make((*number)++, f->bytes, sizeof f->bytes, about);
        if (f->size > 0) {
            return true;
        }
    }
    return false;
}

static void wanted_at(uint8_t rgba[4], const more_about *about, size_t x, size_t y)
{
    more_colours(rgba, x, y);
    if (about->palette) {
        more_palette(rgba, more_index(x, y));
        rgba[3] = about->clear && more_index(x, y) == 3 ? 0 : 255;
    } else if (!about->clear) {
        rgba[3] = 255;
    }
}

/* The sum of what they are apart, over the part of a picture that was painted. */
static size_t apart(const image *i, const more_about *about)
{
    const size_t left = i->width > MORE_WIDTH ? 2 : 0; /* of the animation on a larger canvas */
    size_t sum = 0;
    for (size_t y = 0; y < MORE_HEIGHT; y++) {
        for (size_t x = 0; x < MORE_WIDTH; x++) {
            uint8_t wanted[4];
            wanted_at(wanted, about, x, y);
            const uint8_t *got = i->pixels + 3 * (y * i->width + x + left);
            for (int c = 0; c < 3; c++) {
                sum += (size_t)abs(got[c] - wanted[c]);
            }
        }
    }
    return sum;
}

START_TEST(as_painted)
{
    file f;
    more_about about;
    image i = {0};
    size_t seen = 0;
    for (size_t number = 0; next(&f, &about, &number); seen++) {
        ck_assert_msg(file_decode(&i, &f) == LS_OK, "picture %zu: %s", number - 1, error_message());
        ck_assert(i.width >= MORE_WIDTH && i.height >= MORE_HEIGHT);
        ck_assert_str_eq(i.note, about.note != NULL ? about.note : "");
        const size_t sum = apart(&i, &about);
        const size_t samples = (size_t)MORE_WIDTH * MORE_HEIGHT * 3;
        ck_assert_msg(about.exact ? sum == 0 : sum < 40 * samples, "picture %zu: apart by %zu", number - 1, sum);
    }
    ck_assert_uint_ge(seen, 6); /* all of BMP */
    image_release(&i);
}
END_TEST

/* Transparent pixels are the background's, opaque ones their own, others between. */
START_TEST(backgrounds)
{
    static const int levels[] = {[IMAGE_ON_WHITE] = 255, [IMAGE_ON_BLACK] = 0, [IMAGE_ON_GRAY] = 128};
    file f;
    more_about about;
    size_t seen = 0;
    for (size_t number = 0; next(&f, &about, &number);) {
        for (image_background b = IMAGE_ON_WHITE; b <= IMAGE_ON_GRAY; b++) {
            image i = {.background = b};
            ck_assert_int_eq(file_decode(&i, &f), LS_OK);
            ck_assert_int_eq(i.background, b);
            for (size_t p = 0; about.exact && p < (size_t)MORE_WIDTH * MORE_HEIGHT; p++) {
                uint8_t rgba[4];
                wanted_at(rgba, &about, p % MORE_WIDTH, p / MORE_WIDTH);
                for (int c = 0; c < 3; c++) {
                    const int wanted = (rgba[c] * rgba[3] + levels[b] * (255 - rgba[3]) + 127) / 255;
                    ck_assert_msg(i.pixels[3 * p + c] == wanted, "picture %zu, background %d, pixel %zu: %d, not %d",
                                  number - 1, (int)b, p, i.pixels[3 * p + c], wanted);
                }
            }
            seen += about.clear && about.exact;
            image_release(&i);
        }
    }
    ck_assert_uint_ge(seen, 3);
}
END_TEST

/* PNG with alpha, of 8 and 16 bits, and with a transparent colour. */
START_TEST(backgrounds_of_png)
{
    file f;
    image dropped = {0};
    image white = {.background = IMAGE_ON_WHITE};
    image black = {.background = IMAGE_ON_BLACK};
    size_t differ = 0;
    for (size_t number = 0; file_next(&f, IMAGE_PNG, &number);) {
        ck_assert_int_eq(file_decode(&dropped, &f), LS_OK);
        ck_assert_int_eq(file_decode(&white, &f), LS_OK);
        ck_assert_int_eq(file_decode(&black, &f), LS_OK);
        bool differs = false;
        for (size_t p = 0; p < 3 * dropped.width * dropped.height; p++) {
            ck_assert(black.pixels[p] <= dropped.pixels[p] && dropped.pixels[p] <= white.pixels[p]);
            differs = differs || black.pixels[p] < white.pixels[p];
        }
        differ += differs;
    }
    ck_assert_uint_ge(differ, 4);
    image_release(&dropped);
    image_release(&white);
    image_release(&black);
}
END_TEST

/* The picture or an error, never a part of it. */
START_TEST(cut_anywhere)
{
    file f;
    more_about about;
    image whole = {0};
    image part = {0};
    for (size_t number = 0; next(&f, &about, &number);) {
        ck_assert_int_eq(file_decode(&whole, &f), LS_OK);
        for (size_t size = 0; size < f.size; size++) {
            const file cut = file_cut(&f, size);
            const int code = file_decode(&part, &cut);
            ck_assert_msg(code == LS_EFORMAT || (code == LS_OK && same_pixels(&part, &whole)),
                          "picture %zu, %zu of %zu bytes: %d", number - 1, size, f.size, code);
        }
    }
    image_release(&whole);
    image_release(&part);
}
END_TEST

START_TEST(damaged_anywhere)
{
    file f;
    more_about about;
    image i = {0};
    for (size_t number = 0; next(&f, &about, &number);) {
        for (uint64_t k = 0; k < 200; k++) {
            file bad = f;
            for (uint64_t b = 0; b <= k % 4; b++) {
                bad.bytes[random_below(k, RANDOM_TEST, b, f.size)] ^= (uint8_t)(1u << (b + k) % 8);
            }
            const int code = file_decode(&i, &bad);
            ck_assert_msg(code == LS_OK || code == LS_EFORMAT, "picture %zu: %d: %s", number - 1, code,
                          error_message());
        }
    }
    image_release(&i);
}
END_TEST

/* Where a number of four bytes is to stand. */
static void set(file *f, size_t at, uint32_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        f->bytes[at + i] = (uint8_t)(value >> (8 * i));
    }
}

static void is_too_large(const file *f)
{
    image i = {0};
    ck_assert_int_eq(file_decode(&i, f), LS_EFORMAT);
    ck_assert_msg(strstr(error_message(), "too large: ") != NULL, "%s", error_message());
    ck_assert_ptr_null(i.pixels);
    image_release(&i);
}

/* What a header asks for is refused before there is memory for it. */
START_TEST(limits)
{
    file f;
    more_about about;
    for (size_t number = 0; next(&f, &about, &number);) {
        switch (image_kind_of(f.bytes, f.size)) {
        case IMAGE_BMP:
            set(&f, 18, 65501, 4);
            is_too_large(&f);
            set(&f, 18, 20000, 4);
            set(&f, 22, 20000, 4);
            is_too_large(&f);
            set(&f, 22, 0x80000000, 4);
            is_too_large(&f);
            break;
        case IMAGE_GIF:
            set(&f, 6, 65535, 2);
            set(&f, 8, 65535, 2);
            is_too_large(&f);
            break;
        case IMAGE_WEBP:
            if (memcmp(f.bytes + 30, "ANIM", 4) == 0) {
                set(&f, 24, 65535, 3);
                is_too_large(&f);
            }
            break;
        default: break;
        }
    }
}
END_TEST

static file make_bmp(const void *pixels, size_t size, int bits, uint32_t compression, uint32_t colours)
{
    file f = {.size = 54 + 4 * (size_t)colours};
    memcpy(f.bytes, "BM", 2);
    set(&f, 10, (uint32_t)f.size, 4);
    set(&f, 14, 40, 4);
    set(&f, 18, 4, 4);
    set(&f, 22, 2, 4);
    set(&f, 26, 1, 2);
    set(&f, 28, (uint32_t)bits, 2);
    set(&f, 30, compression, 4);
    set(&f, 46, colours, 4);
    for (uint32_t c = 0; c < colours; c++) {
        set(&f, 54 + 4 * c, 0x10101 * (c + 1), 4);
    }
    file_add(&f, pixels, size);
    return f;
}

static void is_line(const image *i, size_t y, int a, int b, int c, int d)
{
    const int wanted[4] = {a, b, c, d};
    for (size_t x = 0; x < 4; x++) {
        ck_assert_int_eq(i->pixels[3 * (4 * y + x)], wanted[x]);
    }
}

static void refuses(const file *f, const char *why)
{
    image i = {0};
    ck_assert_int_eq(file_decode(&i, f), LS_EFORMAT);
    ck_assert_str_eq(error_message(), why);
    image_release(&i);
}

/* Marks between runs; what is passed over has the first colour, what is past a line's end goes nowhere. */
START_TEST(runs_of_bmp)
{
    image i = {0};
    file f = make_bmp("\2\1\0\0\0\3\1\2\3\0\2\3\0\1", 14, 8, 1, 4);
    ck_assert_int_eq(file_decode(&i, &f), LS_OK);
    is_line(&i, 1, 2, 2, 1, 1);
    is_line(&i, 0, 2, 3, 4, 4);
    f = make_bmp("\0\2\1\1\2\3\0\1", 8, 8, 1, 4);
    ck_assert_int_eq(file_decode(&i, &f), LS_OK);
    is_line(&i, 1, 1, 1, 1, 1);
    is_line(&i, 0, 1, 4, 4, 1);
    f = make_bmp("\3\x12\0\0\0\3\x32\x10\0\1", 10, 4, 2, 4);
    ck_assert_int_eq(file_decode(&i, &f), LS_OK);
    is_line(&i, 1, 2, 3, 2, 1);
    is_line(&i, 0, 4, 3, 2, 1);
    f = make_bmp("\377\1\0\0\4\2", 6, 8, 1, 4); /* all is there but the mark */
    ck_assert_int_eq(file_decode(&i, &f), LS_OK);
    is_line(&i, 0, 3, 3, 3, 3);
    f = make_bmp("\4\7\0\0\4\2\0\1", 8, 8, 1, 4);
    ck_assert_int_eq(file_decode(&i, &f), LS_OK);
    ck_assert_str_eq(i.note, "pixels of colours that its palette lacks are black");
    is_line(&i, 1, 0, 0, 0, 0);
    f = make_bmp("\4\1\0\0\0\2\1", 7, 8, 1, 4);
    refuses(&f, "damaged BMP: it ends early");
    f = make_bmp("\4\1\0\0\0\4\1\1\1", 9, 8, 1, 4);
    refuses(&f, "damaged BMP: it ends early");
    image_release(&i);
}
END_TEST

START_TEST(odd_bmp)
{
    image i = {0};
    static const uint8_t pixels[32] = {1};
    file f = make_bmp(pixels, 32, 32, 4, 0);
    refuses(&f, "a BMP of an unknown kind (32 bits, compression 4)");
    f = make_bmp(pixels, 32, 24, 1, 0);
    refuses(&f, "a BMP of an unknown kind (24 bits, compression 1)");
    f = make_bmp(pixels, 32, 13, 0, 0);
    refuses(&f, "a BMP of an unknown kind (13 bits, compression 0)");
    f = make_bmp(pixels, 32, 32, 3, 0);
    refuses(&f, "damaged BMP: the bits of a colour are 00000000");
    f = make_bmp(pixels, 8, 8, 0, 0);
    f.bytes[10] = 54;
    refuses(&f, "damaged BMP: it has no palette");
    f = make_bmp(pixels, 23, 24, 0, 0);
    refuses(&f, "damaged BMP: it ends early");
    f = make_bmp(pixels, 24, 24, 0, 0);
    ck_assert_int_eq(file_decode(&i, &f), LS_OK);
    ck_assert_int_eq(i.pixels[14], 1); /* the last line's blue */
    f.bytes[10] = 55;
    refuses(&f, "damaged BMP: it ends early");
    image_release(&i);
}
END_TEST

/* What a thread of its own decodes, over and over. */
typedef struct work {
    pthread_t thread;
    size_t first;  /* picture it begins with */
    bool as_alone; /* all pixels were those of one thread alone */
} work;

enum { MOST_MADE = 64, THREADS = 4, ROUNDS = 20 };
static file made[MOST_MADE];
static image alone[MOST_MADE];
static size_t made_count;

static void *decode_all(void *context)
{
    work *w = context;
    image i = {0};
    w->as_alone = true;
    for (size_t n = 0; n < ROUNDS * made_count; n++) {
        const size_t at = (w->first + n) % made_count;
        w->as_alone = w->as_alone && image_decode(&i, made[at].bytes, made[at].size) == LS_OK &&
                      same_pixels(&i, &alone[at]) && strcmp(i.note, alone[at].note) == 0;
    }
    image_release(&i);
    return NULL;
}

/* Loaders decode on many threads, which nothing in a library may mix up. */
START_TEST(threads)
{
    work works[THREADS];
    more_about about;
    for (size_t number = 0; made_count < MOST_MADE && next(&made[made_count], &about, &number); made_count++) {
        ck_assert_int_eq(file_decode(&alone[made_count], &made[made_count]), LS_OK);
    }
    for (size_t t = 0; t < THREADS; t++) {
        works[t].first = t * made_count / THREADS;
        ck_assert_int_eq(pthread_create(&works[t].thread, NULL, decode_all, &works[t]), 0);
    }
    for (size_t t = 0; t < THREADS; t++) {
        ck_assert_int_eq(pthread_join(works[t].thread, NULL), 0);
        ck_assert(works[t].as_alone);
    }
    for (size_t n = 0; n < made_count; n++) {
        image_release(&alone[n]);
    }
}
END_TEST

/* Known kinds are named, and what a build lacks. */
START_TEST(kinds)
{
    static const struct {
        const char *bytes;
        size_t size;
        image_kind kind;
    } openings[] = {
        {"\xff\xd8\xff\xe0", 4, IMAGE_JPEG},
        {"GIF87a", 6, IMAGE_GIF},
        {"RIFF\1\0\0\0WEBP", 12, IMAGE_WEBP},
        {"RIFF\1\0\0\0WAVE", 12, IMAGE_UNKNOWN},
        {"XXXX\1\0\0\0WEBP", 12, IMAGE_UNKNOWN},
        {"II*\0", 4, IMAGE_TIFF},
        {"MM\0*", 4, IMAGE_TIFF},
        {"MM\0+", 4, IMAGE_TIFF},
        {"\0\0\0\x14"
         "ftypavif\0\0\0\0mif1",
         20, IMAGE_AVIF},
        {"\0\0\0\x18"
         "ftypmif1\0\0\0\0miafavif",
         24, IMAGE_AVIF},
        {"\0\0\0\x14"
         "ftypmif1\0\0\0\0heic",
         20, IMAGE_HEIC},
        {"\0\0\0\x14"
         "ftypheix\0\0\0\0mif1",
         20, IMAGE_HEIC},
        {"\0\0\0\x14"
         "ftypisom\0\0\0\0mp42",
         20, IMAGE_UNKNOWN},
        {"\0\0\0\x10"
         "ftypisom\0\0\0\0avif",
         20, IMAGE_UNKNOWN},
        {"BM\0\0\0\0\0\0\0\0\0\0\0\0\x28\0\0\0", 18, IMAGE_BMP},
        {"BMW cars are made in Munich", 27, IMAGE_UNKNOWN},
        {"\xff\x0a", 2, IMAGE_JXL},
        {"", 0, IMAGE_UNKNOWN},
    };
    image i = {0};
    for (size_t k = 0; k < sizeof openings / sizeof *openings; k++) {
        const uint8_t *bytes = (const uint8_t *)openings[k].bytes;
        ck_assert_msg(image_kind_of(bytes, openings[k].size) == openings[k].kind, "opening %zu", k);
        for (size_t size = 0; size < openings[k].size; size++) { /* nothing is read past the end */
            uint8_t *exact = malloc(size + (size == 0));
            ck_assert_ptr_nonnull(exact);
            memcpy(exact, bytes, size);
            (void)image_kind_of(exact, size);
            free(exact);
        }
    }
    ck_assert_int_eq(image_decode(&i, (const uint8_t *)"\xff\x0a", 2), LS_EFORMAT);
    ck_assert_str_eq(error_message(), "JPEG XL files are not read");
    ck_assert_int_eq(image_decode(&i, (const uint8_t *)"text", 4), LS_EFORMAT);
    ck_assert_msg(strstr(error_message(), "not a picture; JPEG, PNG") == error_message(), "%s", error_message());
    ck_assert_ptr_null(image_kind_lacks(IMAGE_BMP));
    for (image_kind k = IMAGE_GIF; k <= IMAGE_HEIC; k++) {
        const char *const lacks = image_kind_lacks(k);
        ck_assert(lacks == NULL || *lacks != '\0');
        ck_assert((strstr(image_kinds_read(), image_kind_name(k)) != NULL) == (lacks == NULL));
    }
}
END_TEST

int main(void)
{
    TCase *c = tcase_create("decode_more");
    tcase_set_timeout(c, 300);
    tcase_add_test(c, as_painted);
    tcase_add_test(c, backgrounds);
    tcase_add_test(c, backgrounds_of_png);
    tcase_add_test(c, cut_anywhere);
    tcase_add_test(c, damaged_anywhere);
    tcase_add_test(c, limits);
    tcase_add_test(c, runs_of_bmp);
    tcase_add_test(c, odd_bmp);
    tcase_add_test(c, threads);
    tcase_add_test(c, kinds);
    return suite_run("decode_more", c);
}
