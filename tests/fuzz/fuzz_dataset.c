/*
 * The data-set reader. An input is a byte of flags, then edits (h5_edit.h) of a small whole data set: of files, of
 * pixels, or somebody else's arrays. What is opened is read from end to end, and its pictures are decoded as a loader
 * does it.
 */
#include <stdlib.h>
#include <string.h>

#include "blind.h"
#include "fuzz.h"
#include "h5_edit.h"
#include "pictures.h"

#include "base/error.h"
#include "base/hash.h"
#include "data/dataset_check.h"
#include "data/dataset_writer.h"
#include "data/sample.h"
#include "io/h5.h"

enum { PICTURES = 4, CLASSES = 2, SEEING = 1, SIDE = 5, PIXELS = SIDE * SIDE * 3 };
enum { KIND_SHIFT = 1, KINDS = 3 };

static const edit_target targets[] = {
    {"/", "format"},   {"/", "format_version"}, {"/", "checksum"}, {"/bytes", NULL},   {"/offsets", NULL},
    {"/hashes", NULL}, {"/labels", NULL},       {"/split", NULL},  {"/classes", NULL}, {"/names", NULL},
    {"/images", NULL}, {"/", "command"},        {"/mean", NULL},
};
enum { TARGETS = sizeof targets / sizeof targets[0] };

/* The files that edits begin with. */
static uint8_t *whole[KINDS];
static size_t whole_size[KINDS];

static void write_pixels(const char *path, dataset_item *items, const char *const *classes)
{
    static uint8_t pixels[PICTURES][PIXELS];
    dataset_writer *w = NULL;
    FUZZ_CHECK(dataset_writer_open(&w, path, &(dataset_pixels){.height = SIDE, .width = SIDE, .channels = 3}) == LS_OK);
    for (size_t i = 0; i < PICTURES; i++) {
        memset(pixels[i], (int)(40 * i), PIXELS);
        items[i].size = PIXELS;
        items[i].hash = hash_bytes(HASH_START, pixels[i], PIXELS);
        items[i].measured = true;
        FUZZ_CHECK(dataset_writer_add(w, pixels[i], PIXELS) == LS_OK);
    }
    FUZZ_CHECK(dataset_writer_commit(w, items, PICTURES, classes, CLASSES, &(dataset_maker){"this", "that"}) == LS_OK);
    dataset_writer_free(w);
}

static void write_arrays(const char *path, const char *const *classes)
{
    static const uint8_t pixels[PICTURES * PIXELS] = {1, 2, 3};
    const int32_t labels[PICTURES] = {0, 1, 1, 0};
    const uint8_t split[PICTURES] = {0, 1, 0, 1};
    const size_t dims[4] = {PICTURES, 3, SIDE, SIDE};
    h5_file *f = NULL;
    FUZZ_CHECK(h5_create(&f, path) == LS_OK);
    FUZZ_CHECK(h5_write(f, "images", H5_UINT8, 4, dims, pixels) == LS_OK);
    FUZZ_CHECK(h5_write(f, "labels", H5_INT32, 1, dims, labels) == LS_OK);
    FUZZ_CHECK(h5_write(f, "split", H5_UINT8, 1, dims, split) == LS_OK);
    FUZZ_CHECK(h5_write_strings(f, "classes", classes, CLASSES) == LS_OK);
    FUZZ_CHECK(h5_close(f) == LS_OK);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    static uint8_t files[PICTURES][4096];
    static char names[PICTURES][8] = {"a/1", "a/2", "b/1", "b/2"};
    const char *const classes[CLASSES] = {"a", "b"};
    dataset_item items[PICTURES] = {0};
    const char *path = fuzz_path("whole.h5");
    for (size_t i = 0; i < PICTURES; i++) {
        const size_t size = pictures_make(7 + i, files[i], sizeof files[i]);
        items[i] = (dataset_item){.name = names[i],
                                  .bytes = files[i],
                                  .size = size,
                                  .hash = hash_bytes(HASH_START, files[i], size),
                                  .label = (int32_t)(i / 2),
                                  .split = i % 2 == 0 ? DATASET_TRAIN : DATASET_VAL};
    }
    FUZZ_CHECK(dataset_write(path, items, PICTURES, classes, CLASSES) == LS_OK);
    fuzz_read_file(path, &whole[0], &whole_size[0]);
    write_pixels(path, items, classes);
    fuzz_read_file(path, &whole[1], &whole_size[1]);
    write_arrays(path, classes);
    fuzz_read_file(path, &whole[2], &whole_size[2]);
    fuzz_write_file(fuzz_path("outside"), "0123456789abcdef", 16);
    return 0;
}

static void check_split(const dataset *d, dataset_split split, size_t *total)
{
    size_t count = 0;
    const uint32_t *indices = dataset_indices(d, split, &count);
    for (size_t i = 0; i < count; i++) {
        FUZZ_CHECK(indices[i] < dataset_samples(d));
        FUZZ_CHECK(i == 0 || indices[i] > indices[i - 1]);
    }
    *total += count;
}

static void check_whole(dataset *d)
{
    const loader_options options = {.data = d, .input = {.height = 32, .width = 32}};
    static real out[32 * 32 * 3];
    sample_space space = {0};
    dataset_buffer buffer = {0};
    size_t total = 0;
    check_split(d, DATASET_TRAIN, &total);
    check_split(d, DATASET_VAL, &total);
    check_split(d, DATASET_TEST, &total);
    FUZZ_CHECK(total == dataset_samples(d));
    (void)dataset_fingerprint(d);
    for (size_t i = 0; i < dataset_classes(d); i++) {
        FUZZ_CHECK(strlen(dataset_class_name(d, i)) < SIZE_MAX);
    }
    for (size_t i = 0; i < dataset_samples(d); i++) {
        const uint8_t *bytes = NULL;
        size_t size = 0;
        FUZZ_CHECK(dataset_label(d, i) >= 0 && (size_t)dataset_label(d, i) < dataset_classes(d));
        FUZZ_CHECK(strlen(dataset_name(d, i)) < SIZE_MAX);
        const int code = dataset_read(d, i, dataset_samples(d) - i, &buffer, &bytes, &size);
        fuzz_check_code(code);
        if (code == LS_OK) {
            (void)hash_bytes(HASH_START, bytes, size);
            fuzz_check_code(sample_load(out, &options, (uint32_t)i, 1, 0, i, &space));
        }
    }
    free(buffer.bytes);
    sample_space_release(&space);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dataset *d = NULL;
    const char *path = fuzz_path("edited.h5");
    if (size == 0) {
        return 0;
    }
    const size_t kind = (size_t)(data[0] >> KIND_SHIFT) % KINDS;
    fuzz_write_file(path, whole[kind], whole_size[kind]);
    h5_edit_file(path, targets, TARGETS, data + 1, size - 1);
    h5_edit_show_trap();
    blind_hashes((data[0] & SEEING) == 0);
    const int code = dataset_open(&d, path);
    fuzz_check_code(code);
    FUZZ_CHECK((code == LS_OK) == (d != NULL));
    if (code == LS_OK) {
        check_whole(d);
    }
    dataset_free(d);
    problems found = {0};
    const int opened = dataset_open_unread(&d, path);
    if (opened == LS_OK) {
        dataset_check_pictures(d, true, &found);
        dataset_free(d);
    }
    fuzz_check_problems(&found);
    FUZZ_CHECK(code == LS_OK || opened != LS_OK || found.count > 0);
    blind_hashes(1);
    h5_edit_hide_trap();
    h5_edit_check_closed();
    return 0;
}

size_t fuzz_seed(size_t number, uint8_t *out, size_t room)
{
    (void)room;
    out[0] = (uint8_t)(number % KINDS << KIND_SHIFT);
    const size_t size = h5_edit_seed(number / KINDS, TARGETS, out + 1);
    return size > 0 ? size + 1 : 0;
}
