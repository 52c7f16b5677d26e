/* Orientation tags: read from JPEG and PNG, harmless when damaged, applied exactly and before all else. */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "suite.h"

#include "files.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/random.h"
#include "data/dataset_writer.h"
#include "data/image.h"
#include "data/loader.h"
#include "data/orientation.h"
#include "scratch.h"
#include "turned.h"

/* A picture of 3 x 2 pixels 1 2 3 / 4 5 6 after Pillow's ImageOps.exif_transpose (version 13) by each tag. */
static const struct {
    size_t width, height;
    uint8_t pixels[6];
} expected[ORIENTATION_LAST + 1] = {
    [1] = {3, 2, {1, 2, 3, 4, 5, 6}}, [2] = {3, 2, {3, 2, 1, 6, 5, 4}}, [3] = {3, 2, {6, 5, 4, 3, 2, 1}},
    [4] = {3, 2, {4, 5, 6, 1, 2, 3}}, [5] = {2, 3, {1, 4, 2, 5, 3, 6}}, [6] = {2, 3, {4, 1, 5, 2, 6, 3}},
    [7] = {2, 3, {6, 3, 5, 2, 4, 1}}, [8] = {2, 3, {3, 6, 2, 5, 1, 4}},
};

/* Each pixel of the small picture is a square of `scale` x `scale` pixels, `step` apart in brightness. */
static void check_turned(const image *i, int orientation, size_t scale, int step)
{
    ck_assert_uint_eq(i->width, expected[orientation].width * scale);
    ck_assert_uint_eq(i->height, expected[orientation].height * scale);
    for (size_t y = 0; y < i->height; y++) {
        for (size_t x = 0; x < i->width; x++) {
            const int want = step * expected[orientation].pixels[y / scale * expected[orientation].width + x / scale];
            for (size_t c = 0; c < 3; c++) {
                ck_assert_int_eq(i->pixels[3 * (y * i->width + x) + c], want);
            }
        }
    }
}

/* Decode a file with this tag, and turn it; frees the file. */
static void check_file(uint8_t *bytes, size_t size, int orientation, size_t scale, int step)
{
    image i = {0};
    image space = {0};
    ck_assert_ptr_nonnull(bytes);
    ck_assert_int_eq(image_decode(&i, bytes, size), LS_OK);
    ck_assert_int_eq(i.orientation, orientation);
    ck_assert_str_eq(i.note, "");
    check_turned(&i, 1, scale, step);
    ck_assert_int_eq(orientation_turn(&i, &space), LS_OK);
    ck_assert_int_eq(i.orientation, 1);
    check_turned(&i, orientation, scale, step);
    free(bytes);
    image_release(&i);
    image_release(&space);
}

START_TEST(png_tags)
{
    static const uint8_t pixels[6] = {1, 2, 3, 4, 5, 6};
    uint8_t exif[EXIF_SIZE];
    uint8_t *png = NULL;
    size_t size = 0;
    ck_assert_int_eq(image_encode_png(&png, &size, pixels, 3, 2, 1), LS_OK);
    for (int orientation = 1; orientation <= ORIENTATION_LAST; orientation++) {
        for (int big = 0; big < 2; big++) {
            exif_make(exif, (unsigned)orientation, big);
            size_t tagged = size;
            uint8_t *bytes = turned_png(png, &tagged, exif);
            check_file(bytes, tagged, orientation, 1, 1);
        }
    }
    exif_make(exif, 6, false);
    size_t tagged = size;
    uint8_t *bytes = turned_png(png, &tagged, exif);
    bytes[60] ^= 1; /* in the chunk */
    image i = {0};
    ck_assert_int_eq(image_decode(&i, bytes, tagged), LS_OK);
    ck_assert_int_eq(i.orientation, 1);
    free(bytes);
    free(png);
    image_release(&i);
}
END_TEST

/* Gray squares of one block each, whose values are kept exactly. */
static uint8_t *make_jpeg(size_t *size)
{
    enum { SCALE = 8, STEP = 40, WIDTH = 3 * SCALE, HEIGHT = 2 * SCALE };
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *out = NULL;
    unsigned long n = 0;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &out, &n);
    jpeg.image_width = WIDTH;
    jpeg.image_height = HEIGHT;
    jpeg.input_components = 1;
    jpeg.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 100, TRUE);
    jpeg_start_compress(&jpeg, TRUE);
    for (size_t y = 0; y < HEIGHT; y++) {
        uint8_t line[WIDTH];
        JSAMPROW rows[1] = {line};
        for (size_t x = 0; x < WIDTH; x++) {
            line[x] = (uint8_t)(STEP * (1 + x / SCALE + 3 * (y / SCALE)));
        }
        (void)jpeg_write_scanlines(&jpeg, rows, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    *size = n;
    return out;
}

START_TEST(jpeg_tags)
{
    uint8_t exif[EXIF_SIZE];
    size_t size = 0;
    uint8_t *jpeg = make_jpeg(&size);
    for (int orientation = 1; orientation <= ORIENTATION_LAST; orientation++) {
        for (int big = 0; big < 2; big++) {
            exif_make(exif, (unsigned)orientation, big);
            size_t tagged = size;
            uint8_t *bytes = turned_jpeg(jpeg, &tagged, exif, sizeof exif);
            check_file(bytes, tagged, orientation, 8, 40);
        }
    }
    /* The first Exif marker counts, whatever stands before it under the same number. */
    exif_make(exif, 3, false);
    size_t twice = size;
    uint8_t *one = turned_jpeg(jpeg, &twice, exif, sizeof exif);
    exif_make(exif, 8, true);
    uint8_t *two = turned_jpeg(one, &twice, exif, sizeof exif);
    uint8_t *three = turned_jpeg(two, &twice, (const uint8_t *)"http://ns.adobe.com/xap/1.0/", 29);
    check_file(three, twice, 8, 8, 40);
    free(one);
    free(two);
    free(jpeg);
}
END_TEST

/* The fuzzer starts from files with tags. */
START_TEST(seeds)
{
    int seen[ORIENTATION_LAST + 1] = {0};
    image i = {0};
    file f;
    for (int kind = IMAGE_JPEG; kind <= IMAGE_PNG; kind++) {
        for (size_t number = 0; file_next(&f, (image_kind)kind, &number);) {
            ck_assert_int_eq(file_decode(&i, &f), LS_OK);
            ck_assert(i.orientation >= 1 && i.orientation <= ORIENTATION_LAST);
            seen[i.orientation]++;
        }
    }
    ck_assert(seen[6] == 1 && seen[7] == 1 && seen[1] > 30);
    image_release(&i);
}
END_TEST

/* Pictures of any shape, against the same done pixel by pixel; and back again. */
START_TEST(any_size)
{
    static const size_t sizes[][2] = {{1, 1}, {1, 7}, {9, 1}, {2, 2}, {31, 33}, {32, 64}, {65, 100}, {257, 3}};
    image i = {0};
    image space = {0};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const size_t width = sizes[s][0];
        const size_t height = sizes[s][1];
        const size_t bytes = width * height * 3;
        uint8_t *start = malloc(bytes);
        uint8_t *wanted = malloc(bytes);
        ck_assert(start != NULL && wanted != NULL);
        for (size_t b = 0; b < bytes; b++) {
            start[b] = (uint8_t)random_bits(s, RANDOM_TEST, b);
        }
        for (int orientation = 0; orientation <= ORIENTATION_LAST + 1; orientation++) {
            const bool on_its_side = orientation >= 5 && orientation <= ORIENTATION_LAST;
            ck_assert_int_eq(image_reserve(&i, width, height), LS_OK);
            memcpy(i.pixels, start, bytes);
            i.orientation = orientation;
            (void)snprintf(i.note, sizeof i.note, "odd");
            ck_assert_int_eq(orientation_turn(&i, &space), LS_OK);
            ck_assert_str_eq(i.note, "odd");
            ck_assert_uint_eq(i.width, on_its_side ? height : width);
            ck_assert_uint_eq(i.height, on_its_side ? width : height);
            turned_pixels(wanted, start, width, height, orientation);
            ck_assert_mem_eq(i.pixels, wanted, bytes);
            i.orientation = turned_back(orientation);
            ck_assert_int_eq(orientation_turn(&i, &space), LS_OK);
            ck_assert(i.width == width && i.height == height);
            ck_assert_mem_eq(i.pixels, start, bytes);
        }
        free(start);
        free(wanted);
    }
    image_release(&i);
    image_release(&space);
}
END_TEST

/* Read from memory of exactly that size. */
static int read_exif(const uint8_t *exif, size_t size)
{
    uint8_t *bytes = malloc(size + (size == 0));
    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes, exif, size);
    const int orientation = orientation_of_exif(bytes, size);
    free(bytes);
    return orientation;
}

/* Other ways to write the tag, and blocks that are wrong in one place. */
START_TEST(exif_blocks)
{
    static const struct {
        size_t at, size;
        uint32_t number;
        int orientation;
    } changes[] = {
        {6, 2, 0, 1},                       /* neither byte order */
        {8, 2, 43, 1},                      /* no TIFF file: BigTIFF */
        {10, 4, 0, 1},                      /* the directory: in the header, */
        {10, 4, 4, 1},                      /* or half in it, */
        {10, 4, EXIF_SIZE - 6, 1},          /* behind the block, */
        {10, 4, EXIF_SIZE - 7, 1},          /* on its last byte, */
        {10, 4, 0xffffffff, 1},             /* anywhere */
        {14, 2, 0, 1},                      /* no entries, */
        {14, 2, 0xffff, 6},                 /* or more than there are */
        {EXIF_ENTRY, 2, 0x0111, 1},         /* another tag */
        {EXIF_ENTRY + 2, 2, 2, 1},          /* a text, */
        {EXIF_ENTRY + 2, 2, 5, 1},          /* a fraction, */
        {EXIF_ENTRY + 2, 2, 0xffff, 1},     /* no type at all, */
        {EXIF_ENTRY + 2, 2, 8, 6},          /* or a signed number */
        {EXIF_ENTRY + 4, 4, 0, 1},          /* no value, */
        {EXIF_ENTRY + 4, 4, 2, 1},          /* two, */
        {EXIF_ENTRY + 4, 4, 0xffffffff, 1}, /* or very many */
        {EXIF_ENTRY + 8, 2, 0, 1},          /* values that mean nothing */
        {EXIF_ENTRY + 8, 2, 9, 1},
        {EXIF_ENTRY + 8, 2, 0x0600, 1},
        {EXIF_ENTRY + 8, 2, 0xffff, 1},
        {EXIF_ENTRY + 12, 4, 8, 6}, /* a next directory that is the same one again */
    };
    uint8_t exif[EXIF_SIZE];
    for (int big = 0; big < 2; big++) {
        for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
            exif_make(exif, 6, big);
            exif_number(exif + changes[i].at, changes[i].size, changes[i].number, big);
            ck_assert_msg(read_exif(exif, sizeof exif) == changes[i].orientation, "change %zu: %d", i,
                          read_exif(exif, sizeof exif));
        }
        for (int type = 1; type <= 4; type += 3) { /* BYTE and LONG */
            exif_make(exif, 0, big);
            exif_number(exif + EXIF_ENTRY + 2, 2, (uint32_t)type, big);
            exif_number(exif + EXIF_ENTRY + 8, type == 1 ? 1 : 4, 7, big);
            ck_assert_int_eq(read_exif(exif, sizeof exif), 7);
        }
        exif_make(exif, 6, big);
        ck_assert_int_eq(read_exif(exif + 6, sizeof exif - 6), 6);
        for (size_t size = 0; size < sizeof exif; size++) {
            ck_assert_int_eq(read_exif(exif, size), size >= EXIF_ENTRY + 12 ? 6 : 1);
        }
        for (uint64_t k = 0; k < 3000; k++) {
            exif_make(exif, 6, big);
            exif[random_below(k, RANDOM_TEST, 0, sizeof exif)] ^= (uint8_t)random_bits(k, RANDOM_TEST, 1);
            exif[random_below(k, RANDOM_TEST, 2, sizeof exif)] ^= (uint8_t)random_bits(k, RANDOM_TEST, 3);
            const int orientation = read_exif(exif, sizeof exif - k % 3);
            ck_assert(orientation >= 1 && orientation <= ORIENTATION_LAST);
        }
    }
}
END_TEST

/* A JPEG is read whatever its Exif marker holds. */
START_TEST(damaged_exif)
{
    uint8_t exif[200];
    size_t size = 0;
    image i = {0};
    uint8_t *jpeg = make_jpeg(&size);
    for (uint64_t k = 0; k < 300; k++) {
        for (size_t b = 0; b < sizeof exif; b++) {
            exif[b] = (uint8_t)random_bits(k, RANDOM_TEST, b);
        }
        memcpy(exif, "Exif\0\0II*\0", k % 2 == 0 ? 10 : 6);
        size_t tagged = size;
        uint8_t *bytes = turned_jpeg(jpeg, &tagged, exif, (size_t)(k % (sizeof exif)));
        ck_assert_int_eq(image_decode(&i, bytes, tagged), LS_OK);
        free(bytes);
    }
    free(jpeg);
    image_release(&i);
}
END_TEST

enum { SETS = 4, PICTURES = 16, SIDE = 12 };

/* Pictures 14 x 9, seen: stored as each tag says, with it and without; as they are seen; and the first as version 1. */
typedef enum set { TAGGED, AS_STORED, AS_SEEN, VERSION_1 } set;

static dataset *sets[SETS];

static dataset_item make_item(const char *name, const uint8_t *pixels, size_t width, size_t height, int orientation)
{
    uint8_t *png = NULL;
    size_t size = 0;
    ck_assert_int_eq(image_encode_png(&png, &size, pixels, width, height, 3), LS_OK);
    if (orientation > 1) {
        uint8_t exif[EXIF_SIZE];
        exif_make(exif, (unsigned)orientation, false);
        uint8_t *tagged = turned_png(png, &size, exif);
        free(png);
        png = tagged;
    }
    return (dataset_item){.name = strdup(name),
                          .bytes = png,
                          .size = size,
                          .hash = hash_bytes(HASH_START, png, size),
                          .split = DATASET_TRAIN,
                          .turned = orientation > 1};
}

static void make_sets(void)
{
    enum { WIDTH = 14, HEIGHT = 9 };
    static const char *const classes[2] = {"a", "b"};
    static const char *const names[SETS] = {"tagged.h5", "stored.h5", "seen.h5", "old.h5"};
    dataset_item items[SETS][PICTURES];
    for (int k = 0; k < PICTURES; k++) {
        char name[16];
        uint8_t seen[WIDTH * HEIGHT * 3];
        uint8_t stored[sizeof seen];
        const int orientation = 1 + k % ORIENTATION_LAST;
        const size_t width = orientation < 5 ? WIDTH : HEIGHT;
        (void)snprintf(name, sizeof name, "%d.png", k);
        for (size_t b = 0; b < sizeof seen; b++) {
            seen[b] = (uint8_t)random_bits((uint64_t)k, RANDOM_TEST, b);
        }
        turned_pixels(stored, seen, WIDTH, HEIGHT, turned_back(orientation));
        items[TAGGED][k] = make_item(name, stored, width, WIDTH + HEIGHT - width, orientation);
        items[AS_STORED][k] = make_item(name, stored, width, WIDTH + HEIGHT - width, 1);
        items[AS_SEEN][k] = make_item(name, seen, WIDTH, HEIGHT, 1);
        items[VERSION_1][k] = make_item(name, stored, width, WIDTH + HEIGHT - width, orientation);
    }
    for (int s = 0; s < SETS; s++) {
        const char *path = scratch(names[s]);
        ck_assert_int_eq(s == VERSION_1 ? turned_write_version_1(path, items[s], PICTURES)
                                        : dataset_write(path, items[s], PICTURES, classes, 2),
                         LS_OK);
        ck_assert_int_eq(dataset_open(&sets[s], path), LS_OK);
        for (int k = 0; k < PICTURES; k++) {
            free(items[s][k].name);
            free(items[s][k].bytes);
        }
    }
    ck_assert(dataset_turns(sets[TAGGED]) && !dataset_turns(sets[VERSION_1]));
    ck_assert_uint_eq(dataset_turned(sets[TAGGED]), 14);
}

/* A hash of an epoch's batches. */
static uint64_t batches_of(set s, bool turn, bool augment, resize_fit fit)
{
    const loader_options o = {
        .data = sets[s],
        .split = DATASET_TRAIN,
        .input = {.height = SIDE, .width = SIDE + 2, .augment = augment, .fit = fit, .loader_threads = 2},
        .order = {.batch = 5, .shard_size = 4, .seed = 3, .shuffle = true},
        .turn = turn,
        .size = 1,
    };
    loader *l = NULL;
    batch b;
    uint64_t hash = HASH_START;
    size_t samples = 0;
    ck_assert_int_eq(loader_create(&l, &o), LS_OK);
    for (uint64_t epoch = 0; epoch < 3; epoch++) {
        ck_assert_int_eq(loader_start_epoch(l, epoch, 0), LS_OK);
        while (loader_next(l, &b) == 1) {
            hash = hash_bytes(hash, b.images, b.range.samples * o.input.height * o.input.width * 3 * sizeof *b.images);
            samples += b.range.samples;
        }
    }
    ck_assert_uint_eq(samples, (size_t)3 * PICTURES);
    loader_free(l);
    return hash;
}

/* Pictures that are turned are those that one sees, for the crop as well, which depends on their shape. */
START_TEST(loader_batches)
{
    for (int augment = 0; augment < 2; augment++) {
        for (int crop = 0; crop < 2; crop++) {
            const resize_fit fit = crop ? RESIZE_CROP : RESIZE_STRETCH;
            const uint64_t seen = batches_of(AS_SEEN, false, augment, fit);
            const uint64_t stored = batches_of(AS_STORED, false, augment, fit);
            ck_assert(seen != stored);
            ck_assert(batches_of(AS_SEEN, true, augment, fit) == seen);
            ck_assert(batches_of(AS_STORED, true, augment, fit) == stored);
            ck_assert(batches_of(TAGGED, true, augment, fit) == seen);
            ck_assert(batches_of(TAGGED, false, augment, fit) == stored);
            ck_assert(batches_of(VERSION_1, false, augment, fit) == stored);
        }
    }
}
END_TEST

int main(void)
{
    scratch_make();
    TCase *c = tcase_create("orientation");
    tcase_add_unchecked_fixture(c, make_sets, NULL);
    tcase_add_test(c, png_tags);
    tcase_add_test(c, jpeg_tags);
    tcase_add_test(c, seeds);
    tcase_add_test(c, any_size);
    tcase_add_test(c, exif_blocks);
    tcase_add_test(c, damaged_exif);
    tcase_add_test(c, loader_batches);
    const int status = suite_run("orientation", c);
    for (int s = 0; s < SETS; s++) {
        dataset_free(sets[s]);
    }
    scratch_remove();
    return status;
}
