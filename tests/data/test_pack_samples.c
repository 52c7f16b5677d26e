/* Data sets of other programs: what comes out of a packed one is what went in. */
#include <archive.h>
#include <archive_entry.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/error.h"
#include "base/protobuf.h"
#include "data/image.h"
#include "data/pack.h"
#include "data/pack_keys.h"
#include "data/pack_paths.h"
#include "example_record.h"
#include "scratch.h"
#include "suite.h"

static const pack_samples_options plain = {0};

static int pack_one(const char *file, const pack_samples_options *o, pack_result *result)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s", scratch(file));
    const pack_input input = {.path = path};
    return pack_sample_files(&input, 1, scratch("out.h5"), o, result);
}

static void fails(const char *file, int code, const char *what)
{
    const int got = pack_one(file, &plain, NULL);
    ck_assert_msg(got == code, "%s: %d, not %d: %s", file, got, code, error_message());
    ck_assert_msg(strstr(error_message(), what) != NULL, "'%s' is not in: %s", what, error_message());
}

/* Sample i of the packed set, decoded. */
static void picture_of(image *out, dataset *d, size_t i)
{
    dataset_buffer buffer = {0};
    const uint8_t *bytes = NULL;
    size_t size = 0;
    ck_assert_int_eq(dataset_read(d, i, 1, &buffer, &bytes, &size), LS_OK);
    ck_assert_int_eq(image_decode(out, bytes, size), LS_OK);
    free(buffer.bytes);
}

static dataset *open_packed(void)
{
    dataset *d = NULL;
    ck_assert_msg(dataset_open(&d, scratch("out.h5")) == LS_OK, "%s", error_message());
    return d;
}

/* --- IDX --------------------------------------------------------------------------------------------------------- */

enum { N = 5, WIDTH = 4, HEIGHT = 3 };

static uint8_t pixel_of(size_t i, size_t at)
{
    return (uint8_t)(37 * i + 11 * at + 5);
}

static void write_idx(size_t labels)
{
    uint8_t pictures[16 + N * WIDTH * HEIGHT] = {0, 0, 8, 3, 0, 0, 0, N, 0, 0, 0, HEIGHT, 0, 0, 0, WIDTH};
    uint8_t numbers[8 + N] = {0, 0, 8, 1, 0, 0, 0, (uint8_t)labels, 2, 0, 1, 2, 2};
    for (size_t i = 0; i < N; i++) {
        for (size_t at = 0; at < WIDTH * HEIGHT; at++) {
            pictures[16 + i * WIDTH * HEIGHT + at] = pixel_of(i, at);
        }
    }
    scratch_file("t10k-images-idx3-ubyte", (const char *)pictures, sizeof pictures);
    scratch_file("t10k-labels-idx1-ubyte", (const char *)numbers, 8 + labels);
}

START_TEST(idx_files)
{
    static const int32_t labels[N] = {2, 0, 1, 2, 2};
    static const char *const names[3] = {"zero", "one", "two"};
    const pack_samples_options named = {.classes = names, .class_count = 3};
    pack_result result;
    image picture = {0};
    write_idx(N);
    ck_assert(pack_is_samples(scratch("t10k-images-idx3-ubyte")));
    ck_assert_msg(pack_one("t10k-images-idx3-ubyte", &named, &result) == LS_OK, "%s", error_message());
    ck_assert_uint_eq(result.taken[DATASET_TEST], N);
    dataset *d = open_packed();
    ck_assert_uint_eq(dataset_classes(d), 3);
    ck_assert_str_eq(dataset_class_name(d, 1), "one");
    for (size_t i = 0; i < N; i++) {
        ck_assert_int_eq(dataset_label(d, i), labels[i]);
        picture_of(&picture, d, i);
        ck_assert(picture.width == WIDTH && picture.height == HEIGHT);
        for (size_t at = 0; at < WIDTH * HEIGHT; at++) {
            ck_assert_uint_eq(picture.pixels[3 * at + 2], pixel_of(i, at));
        }
    }
    dataset_free(d);
    image_release(&picture);
    const pack_samples_options few = {.classes = names, .class_count = 2};
    ck_assert_int_eq(pack_one("t10k-images-idx3-ubyte", &few, NULL), LS_EFORMAT);
    ck_assert_ptr_nonnull(strstr(error_message(), "sample 1 has the label 2, which is not one of the 2"));
    write_idx(N - 1);
    fails("t10k-images-idx3-ubyte", LS_EFORMAT, "holds no labels of the 5 pictures");
    fails("t10k-labels-idx1-ubyte", LS_EFORMAT, "holds no pictures: name the file of images");
    write_idx(N);
    scratch_file("t10k-images-idx3-ubyte", "\0\0\10\3\0\0\0\5\0\0\0\3\0\0\0\4 too short", 26);
    fails("t10k-images-idx3-ubyte", LS_EFORMAT, "ends before its last picture");
    scratch_file("t10k-images-idx3-ubyte", "\0\0\10\3\0\0\0\5\377\377\377\377\0\0\0\4", 16);
    fails("t10k-images-idx3-ubyte", LS_EFORMAT, "too large");
}
END_TEST

/* --- CIFAR ------------------------------------------------------------------------------------------------------- */

START_TEST(cifar_files)
{
    enum { PLANE = 32 * 32, RECORD = 2 + 3 * PLANE };
    static uint8_t records[2 * RECORD];
    pack_result result;
    image picture = {0};
    for (size_t i = 0; i < 2; i++) {
        records[i * RECORD] = 7; /* the coarse label */
        records[i * RECORD + 1] = (uint8_t)(i + 1);
        for (size_t at = 0; at < 3 * PLANE; at++) {
            records[i * RECORD + 2 + at] = pixel_of(i, at);
        }
    }
    scratch_file("train.bin", (const char *)records, sizeof records);
    scratch_file("fine_label_names.txt", "apple\r\nbear\ncan\n\n", 17);
    ck_assert_msg(pack_one("train.bin", &plain, &result) == LS_OK, "%s", error_message());
    ck_assert_uint_eq(result.taken[DATASET_TRAIN], 2);
    dataset *d = open_packed();
    ck_assert_uint_eq(dataset_classes(d), 3);
    ck_assert_str_eq(dataset_class_name(d, 2), "can");
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(dataset_label(d, i), (int32_t)i + 1);
        picture_of(&picture, d, i);
        ck_assert(picture.width == 32 && picture.height == 32);
        for (size_t at = 0; at < PLANE; at++) {
            for (size_t k = 0; k < 3; k++) {
                ck_assert_uint_eq(picture.pixels[3 * at + k], pixel_of(i, k * PLANE + at));
            }
        }
    }
    dataset_free(d);
    image_release(&picture);
    scratch_file("train.bin", (const char *)records, sizeof records - 1);
    ck_assert(!pack_is_samples(scratch("train.bin")));
}
END_TEST

/* --- TFRecord ---------------------------------------------------------------------------------------------------- */

static void add_bytes(text_builder *features, const char *key, const char *bytes, size_t n)
{
    text_builder list = {0};
    proto_add_bytes(&list, 1, bytes, n);
    example_add_feature(features, key, 1, &list);
}

/* packed: as TensorFlow writes it. */
static void add_number(text_builder *features, const char *key, int number, bool packed)
{
    text_builder list = {0};
    const char byte = (char)number;
    if (packed) {
        proto_add_bytes(&list, 1, &byte, 1);
    } else {
        proto_add_number(&list, 1, (uint64_t)number);
    }
    example_add_feature(features, key, 3, &list);
}

static void add_record(text_builder *file, text_builder *features)
{
    text_builder example = {0};
    uint8_t head[8];
    proto_add_message(&example, 1, features);
    for (size_t i = 0; i < 8; i++) {
        head[i] = (uint8_t)((uint64_t)example.length >> (8 * i));
    }
    const uint32_t sums[2] = {crc32c_masked(head, 8), crc32c_masked(example.bytes, example.length)};
    text_add_bytes(file, (const char *)head, 8);
    text_add_bytes(file, (const char *)&sums[0], 4); /* little endian, as all machines of this program */
    text_add_bytes(file, example.bytes, example.length);
    text_add_bytes(file, (const char *)&sums[1], 4);
    text_release(&example);
}

static uint8_t *png_of(size_t i, size_t *size)
{
    uint8_t pixels[WIDTH * HEIGHT];
    uint8_t *png = NULL;
    for (size_t at = 0; at < sizeof pixels; at++) {
        pixels[at] = pixel_of(i, at);
    }
    ck_assert_int_eq(image_encode_png(&png, size, pixels, WIDTH, HEIGHT, 1), LS_OK);
    return png;
}

START_TEST(tfrecord_files)
{
    text_builder numbers = {0};
    text_builder words = {0};
    static const char *const classes[3] = {"wasp", "ant", "wasp"};
    pack_result result;
    for (size_t i = 0; i < 3; i++) {
        size_t size = 0;
        uint8_t *png = png_of(i, &size);
        text_builder features = {0};
        add_bytes(&features, "other", "x", 1);
        add_number(&features, "image/class/label", (int)(2 - i), i > 0);
        add_bytes(&features, "image/encoded", (const char *)png, size);
        add_record(&numbers, &features);
        add_bytes(&features, "image", (const char *)png, size);
        add_bytes(&features, "image/class/text", classes[i], strlen(classes[i]));
        add_bytes(&features, "image/filename", "a.png", 5);
        add_record(&words, &features);
        free(png);
    }
    scratch_file("n.tfrecord", numbers.bytes, numbers.length);
    ck_assert_msg(pack_one("n.tfrecord", &plain, &result) == LS_OK, "%s", error_message());
    ck_assert_uint_eq(result.taken[DATASET_TRAIN], 3);
    dataset *d = open_packed();
    image picture = {0};
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(dataset_label(d, i), (int32_t)(2 - i));
        picture_of(&picture, d, i);
        ck_assert_uint_eq(picture.pixels[3 * 5], pixel_of(i, 5));
    }
    ck_assert_str_eq(dataset_class_name(d, 2), "2");
    ck_assert_str_eq(dataset_name(d, 1), "2");
    dataset_free(d);
    image_release(&picture);

    scratch_file("w.tfrecord", words.bytes, words.length);
    ck_assert_msg(pack_one("w.tfrecord", &plain, &result) == LS_OK, "%s", error_message());
    d = open_packed();
    ck_assert_uint_eq(dataset_classes(d), 2);
    ck_assert_str_eq(dataset_class_name(d, 0), "ant");
    ck_assert_int_eq(dataset_label(d, 0), 1);
    ck_assert_int_eq(dataset_label(d, 1), 0);
    ck_assert_str_eq(dataset_name(d, 1), "a.png");
    dataset_free(d);

    numbers.bytes[numbers.length - 10] ^= 1;
    scratch_file("n.tfrecord", numbers.bytes, numbers.length);
    fails("n.tfrecord", LS_EFORMAT, "record 3 is damaged: its checksum is wrong");
    scratch_file("n.tfrecord", numbers.bytes, numbers.length - 1);
    fails("n.tfrecord", LS_EFORMAT, "ends before the end of a record");
    text_release(&numbers);
    text_release(&words);
}
END_TEST

/* Each beginning of a good file, and each with a byte that is another one, is read or refused, and no more. */
START_TEST(damaged_records)
{
    text_builder file = {0};
    text_builder features = {0};
    size_t size = 0;
    uint8_t *png = png_of(0, &size);
    add_number(&features, "label", 1, true);
    add_bytes(&features, "image", (const char *)png, size);
    add_record(&file, &features);
    free(png);
    for (size_t n = 12; n < file.length; n++) {
        scratch_file("d.tfrecord", file.bytes, n);
        ck_assert_int_eq(pack_one("d.tfrecord", &plain, NULL), LS_EFORMAT);
    }
    text_release(&file);
}
END_TEST

/* --- NumPy ------------------------------------------------------------------------------------------------------- */

typedef struct array {
    const char *name, *header;
    const void *numbers;
    size_t size;
} array;

/* An .npz of arrays, each with a header of version 1. */
static void write_npz(const char *file, const array *arrays, size_t count)
{
    struct archive *a = archive_write_new();
    ck_assert_int_eq(archive_write_set_format_zip(a), ARCHIVE_OK);
    ck_assert_int_eq(archive_write_open_filename(a, scratch(file)), ARCHIVE_OK);
    for (size_t i = 0; i < count; i++) {
        char head[256];
        const size_t n = strlen(arrays[i].header);
        memcpy(head, "\x93NUMPY\1\0", 8);
        head[8] = (char)n;
        head[9] = 0;
        memcpy(head + 10, arrays[i].header, n);
        struct archive_entry *entry = archive_entry_new();
        archive_entry_set_pathname(entry, arrays[i].name);
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_size(entry, (la_int64_t)(10 + n + arrays[i].size));
        ck_assert_int_eq(archive_write_header(a, entry), ARCHIVE_OK);
        ck_assert_int_eq(archive_write_data(a, head, 10 + n), (la_ssize_t)(10 + n));
        ck_assert_int_eq(archive_write_data(a, arrays[i].numbers, arrays[i].size), (la_ssize_t)arrays[i].size);
        archive_entry_free(entry);
    }
    ck_assert_int_eq(archive_write_close(a), ARCHIVE_OK);
    (void)archive_write_free(a);
}

#define PICTURES "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3, 4, 3), }\n"
#define LABELS   "{'descr': '<i8', 'fortran_order': False, 'shape': (2, 1), }\n"

START_TEST(npz_files)
{
    uint8_t pixels[2 * WIDTH * HEIGHT * 3];
    const int64_t labels[2] = {300, 1};
    const int16_t small[2] = {0, -1};
    for (size_t i = 0; i < sizeof pixels; i++) {
        pixels[i] = pixel_of(1, i);
    }
    const array good[4] = {
        {"train_images.npy", PICTURES, pixels, sizeof pixels},
        {"train_labels.npy", LABELS, labels, sizeof labels},
        {"val_images.npy", PICTURES, pixels, sizeof pixels},
        {"val_labels.npy", LABELS, labels, sizeof labels},
    };
    pack_result result;
    image picture = {0};
    write_npz("m.npz", good, 4);
    ck_assert_msg(pack_one("m.npz", &plain, &result) == LS_OK, "%s", error_message());
    ck_assert(result.taken[DATASET_TRAIN] == 2 && result.taken[DATASET_VAL] == 2);
    dataset *d = open_packed();
    ck_assert_uint_eq(dataset_classes(d), 301);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(dataset_label(d, i), (int32_t)labels[i % 2]);
        picture_of(&picture, d, i);
        ck_assert(picture.width == WIDTH && picture.height == HEIGHT);
        ck_assert_mem_eq(picture.pixels, pixels + i % 2 * sizeof pixels / 2, sizeof pixels / 2);
    }
    dataset_free(d);
    image_release(&picture);

    const struct {
        array images, labels;
        const char *error;
    } bad[] = {
        {{"x.npy", PICTURES, pixels, sizeof pixels},
         {"y.npy", "{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }\n", small, sizeof small},
         "sample 2 has the label -1"},
        {{"x.npy", PICTURES, pixels, sizeof pixels - 1}, {"y.npy", LABELS, labels, sizeof labels}, "are cut short"},
        {{"x.npy", "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 4)}", pixels, 24},
         {"y.npy", LABELS, labels, sizeof labels},
         "in C's order"},
        {{"x.npy", "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 9999999, 99999999)}", pixels, 24},
         {"y.npy", LABELS, labels, sizeof labels},
         "too large"},
        {{"x.npy", "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 4, 2)}", pixels, 24},
         {"y.npy", LABELS, labels, sizeof labels},
         "no label for each picture"},
        {{"x.npy", "{'shape': (2, 3", pixels, 24}, {"y.npy", LABELS, labels, sizeof labels}, "damaged header"},
        {{"x.npy", PICTURES, pixels, sizeof pixels}, {"z.npy", LABELS, labels, sizeof labels}, "y.npy is missing"},
        {{"z.npy", PICTURES, pixels, sizeof pixels},
         {"y.npy", LABELS, labels, sizeof labels},
         "no arrays that are called"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const array both[2] = {bad[i].images, bad[i].labels};
        write_npz("b.npz", both, 2);
        fails("b.npz", LS_EFORMAT, bad[i].error);
    }
}
END_TEST

/* --- Archives ---------------------------------------------------------------------------------------------------- */

START_TEST(paths_of_archives)
{
    static const struct {
        const char *path, *plain;
    } spellings[] = {{"./a//b/./c", "a/b/c"}, {"/a/b", "a/b"}, {"./", ""}, {"a/", "a/"}, {".hidden/x", ".hidden/x"}};
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        char path[32];
        (void)snprintf(path, sizeof path, "%s", spellings[i].path);
        pack_path_plain(path);
        ck_assert_str_eq(path, spellings[i].plain);
    }
    ck_assert_int_eq(pack_path_reason("a/.git/x.png"), PACK_HIDDEN);
    ck_assert_int_eq(pack_path_reason("__MACOSX/a/x.png"), PACK_SYSTEM);
    ck_assert_int_eq(pack_path_reason("a/x.png"), PACK_REASONS);

    pack_names paths = {0};
    pack_paths found;
    const char *name = NULL;
    size_t n = 0;
    dataset_split split = DATASET_TRAIN;
    ck_assert_int_eq(pack_names_add(&paths, "set/README.md"), LS_OK);
    ck_assert_int_eq(pack_names_add(&paths, "set/Train/ant/1.png"), LS_OK);
    ck_assert_int_eq(pack_names_add(&paths, "set/valid/bee/deep/2.png"), LS_OK);
    ck_assert_int_eq(pack_paths_decide(&found, &paths, PACK_LAYOUT_AUTO, "x.tar"), LS_OK);
    ck_assert(found.split);
    ck_assert(!pack_paths_class(&found, paths.names[0], &name, &n, &split));
    ck_assert(pack_paths_class(&found, paths.names[2], &name, &n, &split));
    ck_assert(n == 3 && strncmp(name, "bee", 3) == 0 && split == DATASET_VAL);
    ck_assert_int_eq(pack_paths_decide(&found, &paths, PACK_LAYOUT_CLASSES, "x.tar"), LS_OK);
    ck_assert(pack_paths_class(&found, paths.names[1], &name, &n, &split));
    ck_assert(n == 5 && strncmp(name, "Train", 5) == 0 && split == DATASET_TRAIN);
    pack_names_release(&paths);
}
END_TEST

START_TEST(keys_of_webdatasets)
{
    pack_keys shards[2] = {{0}, {0}};
    pack_names classes = {0};
    int32_t label = -1;
    ck_assert(pack_keys_is_label("a.b/000.cls") && pack_keys_is_label("x.CLS"));
    ck_assert(!pack_keys_is_label("a.cls/000.jpg") && !pack_keys_is_label("000.jpg.cls"));
    for (size_t i = 0; i < 3000; i++) {
        char path[32];
        char text[16];
        (void)snprintf(path, sizeof path, "d/%05zu.cls", (i * 7919) % 3000);
        (void)snprintf(text, sizeof text, "c%zu\n", i % 3);
        ck_assert_int_eq(pack_keys_add(&shards[i % 2], path, text, strlen(text)), LS_OK);
    }
    ck_assert_int_eq(pack_keys_number(shards, 2, &classes), LS_OK);
    ck_assert_uint_eq(classes.count, 3);
    for (size_t i = 0; i < 3000; i++) {
        char path[32];
        (void)snprintf(path, sizeof path, "d/%05zu.left.png", (i * 7919) % 3000);
        ck_assert(pack_keys_find(&shards[i % 2], path, &label));
        ck_assert_int_eq(label, (int32_t)(i % 3));
        ck_assert(!pack_keys_find(&shards[1 - i % 2], path, &label));
    }
    ck_assert(!pack_keys_find(&shards[0], "d/0000.png", &label));
    ck_assert_int_eq(pack_keys_add(&shards[0], "x.cls", " \n", 2), LS_EFORMAT);
    pack_keys_release(&shards[0]);
    pack_keys_release(&shards[1]);
    pack_names_release(&classes);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("pack_samples");
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, idx_files);
    tcase_add_test(cases, cifar_files);
    tcase_add_test(cases, tfrecord_files);
    tcase_add_test(cases, damaged_records);
    tcase_add_test(cases, npz_files);
    tcase_add_test(cases, paths_of_archives);
    tcase_add_test(cases, keys_of_webdatasets);
    scratch_make();
    const int result = suite_run("pack_samples", cases);
    scratch_remove();
    return result;
}
