/* PNG files that are cut, or made to take long. */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <zlib.h>

#include "suite.h"

#include "files.h"

static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

static void put_number(uint8_t *out, size_t number)
{
    for (size_t i = 0; i < 4; i++) {
        out[i] = (uint8_t)(number >> (24 - 8 * i));
    }
}

static void add_chunk(file *f, const char *name, const void *content, size_t size)
{
    uint8_t number[4];
    put_number(number, size);
    file_add(f, number, 4);
    const size_t start = f->size;
    file_add(f, name, 4);
    file_add(f, content, size);
    put_number(number, crc32(0, f->bytes + start, (uInt)size + 4));
    file_add(f, number, 4);
}

/* Zeros, packed. */
static size_t pack_zeros(uint8_t *out, size_t room, size_t count)
{
    uint8_t *zeros = calloc(1, count + 1);
    uLongf size = room;
    ck_assert_ptr_nonnull(zeros);
    ck_assert_int_eq(compress2(out, &size, zeros, count, 9), Z_OK);
    free(zeros);
    return size;
}

/* A black gray picture whose data unpacks to `data` bytes, with a chunk before it. */
static file make_png(size_t width, size_t height, int depth, size_t data, const char *chunk, const void *content,
                     size_t size)
{
    file f = {.size = 0};
    static uint8_t packed[FILE_ROOM];
    uint8_t header[13] = {[8] = (uint8_t)depth};
    put_number(header, width);
    put_number(header + 4, height);
    file_add(&f, signature, sizeof signature);
    add_chunk(&f, "IHDR", header, sizeof header);
    if (chunk != NULL) {
        add_chunk(&f, chunk, content, size);
    }
    add_chunk(&f, "IDAT", packed, pack_zeros(packed, sizeof packed, data));
    add_chunk(&f, "IEND", "", 0);
    return f;
}

/* Where the last chunk of image data ends. */
static size_t end_of_data(const file *f)
{
    size_t end = 0;
    for (size_t at = sizeof signature; at + 12 <= f->size;) {
        const size_t length = (size_t)f->bytes[at + 2] << 8 | f->bytes[at + 3];
        end = memcmp(f->bytes + at + 4, "IDAT", 4) == 0 ? at + 12 + length : end;
        at += 12 + length;
    }
    return end;
}

/* Read as soon as all of the image data is there, with a note. */
START_TEST(cut_anywhere)
{
    file f;
    image whole = {0};
    image part = {0};
    size_t kinds = 0;
    for (size_t number = 0; file_next(&f, IMAGE_PNG, &number); kinds++) {
        ck_assert_int_eq(file_decode(&whole, &f), LS_OK);
        ck_assert_str_eq(whole.note, "");
        for (size_t size = 0; size < f.size; size++) {
            const file cut = file_cut(&f, size);
            const int code = file_decode(&part, &cut);
            ck_assert_msg(code == (size >= end_of_data(&f) ? LS_OK : LS_EFORMAT), "picture %zu, %zu of %zu bytes: %d",
                          number - 1, size, f.size, code);
            if (code == LS_OK) {
                ck_assert(same_pixels(&part, &whole) && part.orientation == whole.orientation);
                ck_assert_str_eq(part.note, "no end chunk, but all of the picture is there");
            } else {
                ck_assert_str_eq(part.note, "");
            }
        }
        file bad = f;
        bad.bytes[end_of_data(&f) - 1] ^= 1; /* a wrong checksum is no missing one */
        ck_assert_int_eq(file_decode(&part, &bad), LS_EFORMAT);
    }
    ck_assert_uint_ge(kinds, 15);
    image_release(&whole);
    image_release(&part);
}
END_TEST

/*
 * Chunks that no pixel depends on are not unpacked: nothing is said of what is wrong in them, or too large. What is
 * wrong around them is noted.
 */
START_TEST(needless_chunks)
{
    static const char *const names[] = {"zTXt", "iTXt", "iCCP", "tEXt", "sPLT", "pCAL", "sCAL", "abCd", "gAMA", "bKGD",
                                        "cHRM", "sRGB", "hIST", "oFFs", "pHYs", "sBIT", "tIME", "eXIf", "acTL"};
    image out = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        file f = make_png(1, 1, 8, 2, names[i], "a\0\0\0\0garbage", 12);
        ck_assert_int_eq(file_decode(&out, &f), LS_OK);
        ck_assert_str_eq(out.note, "");
        f.bytes[45] ^= 1; /* in that chunk */
        ck_assert_int_eq(file_decode(&out, &f), LS_OK);
        ck_assert_msg(strstr(out.note, "CRC error") != NULL, "%s", out.note);
    }
    image_release(&out);
}
END_TEST

/* Data that unpacks to far more than the picture has is given up; a little more is noted. */
START_TEST(more_data_than_pixels)
{
    image out = {0};
    const file little = make_png(1, 1, 8, 100, NULL, NULL, 0);
    ck_assert_int_eq(file_decode(&out, &little), LS_OK);
    ck_assert_str_ne(out.note, "");
    const file much = make_png(1, 1, 8, 60000000, NULL, NULL, 0);
    ck_assert_int_eq(file_decode(&out, &much), LS_EFORMAT);
    ck_assert_str_eq(error_message(), "damaged PNG: it has far more data than pixels");
    image_release(&out);
}
END_TEST

/* Sizes: any shape that memory is there for; the message names the limits. */
START_TEST(sizes)
{
    image out = {0};
    file f = make_png(20000, 10, 1, 10 * 2501, NULL, NULL, 0);
    ck_assert_int_eq(file_decode(&out, &f), LS_OK);
    ck_assert(out.width == 20000 && out.height == 10);
    f = make_png(IMAGE_MAX_SIDE, 1, 1, 1 + (IMAGE_MAX_SIDE + 7) / 8, NULL, NULL, 0);
    ck_assert_int_eq(file_decode(&out, &f), LS_OK);
    static const size_t large[][2] = {
        {IMAGE_MAX_SIDE + 1, 1}, {1, IMAGE_MAX_SIDE + 1}, {10001, 10000}, {2000000, 1}, {0x7fffffff, 0x7fffffff}};
    for (size_t i = 0; i < sizeof large / sizeof *large; i++) {
        char wanted[128];
        f = make_png(large[i][0], large[i][1], 1, 2, NULL, NULL, 0);
        ck_assert_int_eq(file_decode(&out, &f), LS_EFORMAT);
        (void)snprintf(wanted, sizeof wanted,
                       "too large: %zu x %zu pixels; at most 65500 a side and 100000000 in all are read", large[i][0],
                       large[i][1]);
        ck_assert_str_eq(error_message(), wanted);
    }
    image_release(&out);
}
END_TEST

int main(void)
{
    TCase *c = tcase_create("decode_png");
    tcase_set_timeout(c, 600);
    tcase_add_test(c, cut_anywhere);
    tcase_add_test(c, needless_chunks);
    tcase_add_test(c, more_data_than_pixels);
    tcase_add_test(c, sizes);
    return suite_run("decode_png", c);
}
