/* JPEG files that are cut, damaged or made to take long: read whole and with a note, or refused. */
#include <check.h>
#include <stdbool.h>
#include <string.h>

#include "suite.h"

#include "files.h"

#include "base/random.h"

enum { MARKER_SOF = 0xc0, MARKER_SOI = 0xd8, MARKER_EOI = 0xd9, MARKER_SOS = 0xda };

static const uint8_t end_marker[2] = {0xff, MARKER_EOI};

/* Where the n-th marker (from 0) of a number in [low, high] stands, or f->size. */
static size_t find_marker(const file *f, uint8_t low, uint8_t high, size_t n)
{
    for (size_t at = 2; at + 1 < f->size; at++) {
        if (f->bytes[at] == 0xff && f->bytes[at + 1] >= low && f->bytes[at + 1] <= high && n-- == 0) {
            return at;
        }
    }
    return f->size;
}

static size_t count_scans(const file *f)
{
    size_t n = 0;
    while (find_marker(f, MARKER_SOS, MARKER_SOS, n) < f->size) {
        n++;
    }
    return n;
}

/* SOF0, 1, 2, 9 or 10 */
static uint8_t frame_of(const file *f)
{
    const size_t huffman = find_marker(f, MARKER_SOF, MARKER_SOF + 2, 0);
    const size_t arithmetic = find_marker(f, MARKER_SOF + 9, MARKER_SOF + 10, 0);
    return f->bytes[(huffman < arithmetic ? huffman : arithmetic) + 1];
}

static bool is_arithmetic(const file *f)
{
    return frame_of(f) >= MARKER_SOF + 9;
}

static bool is_progressive(const file *f)
{
    return frame_of(f) == MARKER_SOF + 2 || frame_of(f) == MARKER_SOF + 10;
}

static bool has_restarts(const file *f)
{
    return find_marker(f, 0xdd, 0xdd, 0) < f->size;
}

static void check_whole(image *out, const file *f)
{
    ck_assert_int_eq(file_decode(out, f), LS_OK);
    ck_assert_str_eq(out->note, "");
}

/*
 * Cut anywhere: read where all of the picture is there, and with a note. For Huffman codes that is without the last
 * two bytes, and never with less; what ends an arithmetic code is not known.
 */
START_TEST(cut_anywhere)
{
    file f;
    image whole = {0};
    image part = {0};
    size_t kinds = 0;
    for (size_t number = 0; file_next(&f, IMAGE_JPEG, &number); kinds++) {
        check_whole(&whole, &f);
        for (size_t size = 0; size < f.size; size++) {
            const file cut = file_cut(&f, size);
            const int code = file_decode(&part, &cut);
            const bool last = size + 2 >= f.size;
            ck_assert_msg(code == (last && !is_arithmetic(&f) ? LS_OK : LS_EFORMAT),
                          "picture %zu, %zu of %zu bytes: %d", number - 1, size, f.size, code);
            if (code == LS_OK) {
                ck_assert(same_pixels(&part, &whole) && part.orientation == whole.orientation);
                ck_assert_str_eq(part.note, "no end marker, but all of the picture is there");
            }
        }
    }
    ck_assert_uint_ge(kinds, 20);
    image_release(&whole);
    image_release(&part);
}
END_TEST

/*
 * Cut anywhere behind the first scan's header, with an end marker of its own: missing blocks are not made up. Only
 * scans that refine others may be missing as a whole, which is said.
 */
START_TEST(cut_and_ended)
{
    file f;
    image whole = {0};
    image part = {0};
    for (size_t number = 0; file_next(&f, IMAGE_JPEG, &number);) {
        size_t coarse = 0;
        if (is_arithmetic(&f)) {
            continue;
        }
        check_whole(&whole, &f);
        for (size_t size = find_marker(&f, MARKER_SOS, MARKER_SOS, 0) + 2; size + 2 < f.size; size++) {
            file cut = file_cut(&f, size);
            file_add(&cut, "\xff\xd3\xff\xd9", 4); /* no restart is wanted there */
            ck_assert(has_restarts(&f) || file_decode(&part, &cut) != LS_OK || part.note[0] != '\0');
            ck_assert(has_restarts(&f) || is_progressive(&f) || file_decode(&part, &cut) == LS_EFORMAT);
            cut = file_cut(&f, size);
            file_add(&cut, end_marker, sizeof end_marker);
            const int code = file_decode(&part, &cut);
            ck_assert(code == LS_OK || code == LS_EFORMAT);
            coarse += code == LS_OK;
            ck_assert_msg(code != LS_OK || (is_progressive(&f) && part.note[0] != '\0'),
                          "picture %zu, %zu of %zu bytes", number - 1, size, f.size);
        }
        ck_assert(is_progressive(&f) == (coarse > 0));
    }
    image_release(&whole);
    image_release(&part);
}
END_TEST

/* Without the last scan: with an end marker a progressive picture is coarse, another one lacks a component. */
START_TEST(scans_missing)
{
    file f;
    image part = {0};
    size_t seen = 0;
    for (size_t number = 0; file_next(&f, IMAGE_JPEG, &number);) {
        const size_t scans = count_scans(&f);
        if (scans == 1) {
            continue;
        }
        file cut = file_cut(&f, find_marker(&f, MARKER_SOS, MARKER_SOS, scans - 1));
        ck_assert_int_eq(file_decode(&part, &cut), LS_EFORMAT);
        file_add(&cut, end_marker, sizeof end_marker);
        ck_assert_int_eq(file_decode(&part, &cut), is_progressive(&f) ? LS_OK : LS_EFORMAT);
        ck_assert(!is_progressive(&f) || strstr(part.note, "coarse") != NULL);
        seen++;
    }
    ck_assert_uint_ge(seen, 10);
    image_release(&part);
}
END_TEST

/* What stands between the last pixel and the end, or in place of the end, costs a note and no pixel. */
START_TEST(odd_ends)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *note;
    } ends[] = {
        {"twenty bytes of other\xff\xd9", 23, "extraneous bytes before marker 0xd9"},
        {"twenty bytes of other", 21, "no end marker"},
        {"\xff", 1, "no end marker"},
        {"\xff\x02", 2, "Unsupported marker type 0x02"},
        {"\xff\x02\xff\xd9", 4, "Unsupported marker type 0x02"},
        {"\xff\xd8\xff\xe0\x00\x10", 6, "two SOI markers"},
        {"\xff\xc4\x00\x13\x00\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00", 15, "Bogus Huffman table definition"},
        {"\xff\xfe\x40\x00 cut in its comment", 23, "no end marker"},
        {"\xff\xfe\x00\x02\xff\xd9 and more", 15, ""},
    };
    file f;
    image whole = {0};
    image odd = {0};
    for (size_t number = 0; file_next(&f, IMAGE_JPEG, &number);) {
        check_whole(&whole, &f);
        for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
            if (is_arithmetic(&f) && (ends[i].bytes[0] != '\xff' || ends[i].size == 1)) {
                continue; /* would be taken for its code */
            }
            const file with = file_with(&f, f.size - 2, 2, ends[i].bytes, ends[i].size);
            const int code = file_decode(&odd, &with);
            ck_assert_msg(code == LS_OK && same_pixels(&odd, &whole), "picture %zu, end %zu: %d %s", number - 1, i,
                          code, error_message());
            ck_assert_msg(strstr(odd.note, ends[i].note) != NULL && (odd.note[0] != '\0') == (ends[i].note[0] != '\0'),
                          "picture %zu, end %zu: %s", number - 1, i, odd.note);
        }
    }
    image_release(&whole);
    image_release(&odd);
}
END_TEST

/* Damage that costs blocks between two restarts is limited to these, and noted; at the picture's end it is refused. */
START_TEST(restart_intervals)
{
    file f;
    image odd = {0};
    size_t seen = 0;
    for (size_t number = 0; file_next(&f, IMAGE_JPEG, &number);) {
        const size_t first = find_marker(&f, 0xd0, 0xd7, 0);
        if (first == f.size || is_arithmetic(&f) || count_scans(&f) > 1) {
            continue;
        }
        const size_t second = find_marker(&f, 0xd0, 0xd7, 1);
        ck_assert_uint_lt(second, f.size);
        const file shorter = file_with(&f, first + 2, second - first - 2, "", 0); /* an interval without data */
        ck_assert_int_eq(file_decode(&odd, &shorter), LS_OK);
        ck_assert_str_ne(odd.note, "");
        const file lost = file_with(&f, first, second - first, "", 0); /* nor a marker */
        ck_assert_int_eq(file_decode(&odd, &lost), LS_OK);
        ck_assert_str_ne(odd.note, "");
        file over = file_cut(&f, first - 1);
        file_add(&over, "\xff\xd7\xff\xd9", 4); /* to skip on the way to the next one: there is none */
        ck_assert_int_eq(file_decode(&odd, &over), LS_EFORMAT);
        ck_assert_str_eq(error_message(), "damaged JPEG: it ends early");
        file last = file_cut(&f, f.size - 4); /* in the last interval */
        file_add(&last, "\xff\xd0\xff\xd9", 4);
        ck_assert_int_eq(file_decode(&odd, &last), LS_EFORMAT);
        seen++;
    }
    ck_assert_uint_ge(seen, 2);
    image_release(&odd);
}
END_TEST

/* Damage anywhere: nothing crashes, and no code but the two. */
START_TEST(flipped_bits)
{
    file f;
    image odd = {0};
    for (size_t number = 0; file_next(&f, IMAGE_JPEG, &number);) {
        for (uint64_t k = 0; k < 400; k++) {
            file bad = f;
            for (uint64_t b = 0; b <= k % 4; b++) {
                bad.bytes[random_below(number, RANDOM_TEST, 8 * k + b, f.size)] ^= (uint8_t)(1u << (b + k) % 8);
            }
            const int code = file_decode(&odd, &bad);
            ck_assert(code == LS_OK || code == LS_EFORMAT);
        }
    }
    image_release(&odd);
}
END_TEST

/* A picture with its first scan as often as makes `wanted` scans. */
static file repeat_scan(const file *f, size_t wanted)
{
    const size_t first = find_marker(f, MARKER_SOS, MARKER_SOS, 0);
    const size_t second = find_marker(f, MARKER_SOS, MARKER_SOS, 1);
    file out = *f;
    for (size_t i = count_scans(f); i < wanted; i++) {
        out = file_with(&out, second, 0, f->bytes + first, second - first);
    }
    return out;
}

START_TEST(many_scans)
{
    file f;
    image out = {0};
    size_t seen[2] = {0};
    for (size_t number = 0; file_next(&f, IMAGE_JPEG, &number);) {
        const size_t most = is_arithmetic(&f) ? IMAGE_MAX_SCANS / 4 : IMAGE_MAX_SCANS;
        if (count_scans(&f) == 1 || f.size > 2000) {
            continue;
        }
        const file few = repeat_scan(&f, most);
        ck_assert_msg(file_decode(&out, &few) == LS_OK, "picture %zu: %s", number - 1, error_message());
        const file many = repeat_scan(&f, most + 1);
        ck_assert_int_eq(file_decode(&out, &many), LS_EFORMAT);
        ck_assert_ptr_nonnull(
            strstr(error_message(), is_arithmetic(&f) ? "more than 25 scans" : "more than 100 scans"));
        seen[is_arithmetic(&f)]++;
    }
    ck_assert(seen[0] >= 3 && seen[1] >= 1);
    image_release(&out);
}
END_TEST

/* A black gray picture of side x side pixels, each scan of which is a few bytes: the first and some that say nothing.
 */
static uint8_t *make_black(size_t side, size_t scans, size_t *size)
{
    static const uint8_t quantization[] = {0xff, 0xdb, 0, 67, 0};
    const uint8_t frame[] = {0xff,          0xc2, 0, 11,   8, (uint8_t)(side >> 8), (uint8_t)side, (uint8_t)(side >> 8),
                             (uint8_t)side, 1,    1, 0x11, 0};
    static const uint8_t tables[] = {
        0xff, 0xc4, 0, 38, 0x00, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0, 0, 0, 0, /* DC: no difference */
        0x10, 1,    0, 0,  0,    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xe0,             /* AC: a run of blocks */
    };
    const size_t blocks = ((side + 7) / 8) * ((side + 7) / 8);
    const size_t runs = blocks / 16384 + 1; /* of 2^14 blocks, 15 bits each; the last is too long, which is fine */
    uint8_t *out = calloc(1, 1024 + blocks / 8 + scans * (20 + 2 * runs));
    ck_assert_ptr_nonnull(out);
    uint8_t *to = out;
    *to++ = 0xff;
    *to++ = MARKER_SOI;
    memcpy(to, quantization, sizeof quantization);
    to += sizeof quantization;
    memset(to, 1, 64);
    to += 64;
    memcpy(to, frame, sizeof frame);
    to += sizeof frame;
    memcpy(to, tables, sizeof tables);
    to += sizeof tables;
    for (size_t i = 0; i < scans; i++) {
        const uint8_t at = (uint8_t)(i == 0 ? 0 : 1 + (i - 1) % 63);
        const uint8_t header[] = {0xff, MARKER_SOS, 0, 8, 1, 1, 0, at, at, 0};
        memcpy(to, header, sizeof header);
        to += sizeof header + (i == 0 ? (blocks + 7) / 8 : (15 * runs + 7) / 8);
    }
    memcpy(to, end_marker, sizeof end_marker);
    *size = (size_t)(to - out) + sizeof end_marker;
    return out;
}

/* Many pixels are read with some scans, not with many. */
START_TEST(large_scans)
{
    enum { SIDE = 9000, MOST = 30 }; /* 2500 million by 81 million */
    image out = {0};
    size_t size = 0;
    uint8_t *bytes = make_black(SIDE, MOST, &size);
    ck_assert_int_eq(image_decode(&out, bytes, size), LS_OK);
    ck_assert(out.width == SIDE && out.height == SIDE);
    free(bytes);
    bytes = make_black(SIDE, MOST + 1, &size);
    ck_assert_int_eq(image_decode(&out, bytes, size), LS_EFORMAT);
    ck_assert_str_eq(error_message(), "a JPEG of more than 30 scans, the most that are read at 9000 x 9000 pixels");
    free(bytes);
    image_release(&out);
}
END_TEST

int main(void)
{
    TCase *c = tcase_create("decode_jpeg");
    tcase_set_timeout(c, 600);
    tcase_add_test(c, cut_anywhere);
    tcase_add_test(c, cut_and_ended);
    tcase_add_test(c, scans_missing);
    tcase_add_test(c, odd_ends);
    tcase_add_test(c, restart_intervals);
    tcase_add_test(c, flipped_bits);
    tcase_add_test(c, many_scans);
    tcase_add_test(c, large_scans);
    return suite_run("decode_jpeg", c);
}
