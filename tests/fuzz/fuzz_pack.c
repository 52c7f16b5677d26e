/*
 * What is packed from files: archives, data sets of other programs, and lists. An input's first byte says what follows:
 * an archive, an Example (to which the record of a TFRecord file is added), a file of images in IDX form (the labels of
 * four lie beside it), a list of pictures (a.png and b.jpg lie beside it), or any file. What is packed opens as a data
 * set, all of whose pictures can be read and decoded.
 */
#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/example_record.h"
#include "fuzz.h"

#include "base/crc32c.h"
#include "base/error.h"
#include "base/protobuf.h"
#include "data/image.h"
#include "data/pack.h"
#include "io/unpack.h"

enum { ARCHIVE, EXAMPLE, IDX, ANY, LIST, KINDS };

static uint8_t png[256];
static size_t png_size;

/* What is passed over is named, which nobody wants to read a thousand times. */
void __wrap_log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void __wrap_log_warn(const char *format, ...)
{
    (void)format;
}

void __wrap_log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void __wrap_log_info(const char *format, ...)
{
    (void)format;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    uint8_t *bytes = NULL;
    const uint8_t pixels[4] = {1, 2, 3, 4};
    FUZZ_CHECK(image_encode_png(&bytes, &png_size, pixels, 2, 2, 1) == LS_OK && png_size <= sizeof png);
    memcpy(png, bytes, png_size);
    free(bytes);
    return 0;
}

static void check_packed(const char *path)
{
    dataset *d = NULL;
    dataset_buffer buffer = {0};
    image picture = {0};
    FUZZ_CHECK(dataset_open(&d, path) == LS_OK);
    for (size_t i = 0; i < dataset_samples(d); i++) {
        const uint8_t *bytes = NULL;
        size_t size = 0;
        FUZZ_CHECK(dataset_read(d, i, 1, &buffer, &bytes, &size) == LS_OK);
        FUZZ_CHECK(image_decode(&picture, bytes, size) == LS_OK);
        FUZZ_CHECK((size_t)dataset_label(d, i) < dataset_classes(d));
    }
    dataset_free(d);
    free(buffer.bytes);
    image_release(&picture);
    FUZZ_CHECK(unlink(path) == 0);
}

static void pack_samples_of(const char *path)
{
    const pack_samples_options options = {.common = {.val_fraction = 0.5}};
    const pack_input input = {.path = path};
    pack_result result;
    if (!pack_is_samples(path)) {
        return;
    }
    const int code = pack_sample_files(&input, 1, fuzz_path("out.h5"), &options, &result);
    if (code == LS_OK) {
        check_packed(fuzz_path("out.h5"));
    } else {
        fuzz_check_code(code);
    }
}

static void pack_archive_of(const char *path)
{
    const pack_directory_options options = {.val_fraction = 0.5, .limit = 3};
    const pack_input input = {.path = path};
    pack_result result;
    (void)unpack_is_archive(path);
    const int code = pack_archives(&input, 1, fuzz_path("out.h5"), &options, &result);
    if (code == LS_OK) {
        check_packed(fuzz_path("out.h5"));
    } else {
        fuzz_check_code(code);
    }
}

static void pack_list_of(const char *path)
{
    const pack_manifest_options options = {.common = {.val_fraction = 0.5}};
    const pack_input input = {.path = path};
    pack_result result;
    fuzz_write_file(fuzz_path("a.png"), png, png_size);
    fuzz_write_file(fuzz_path("b.jpg"), png, png_size);
    if (!pack_is_manifest(path)) {
        return;
    }
    const int code = pack_manifests(&input, 1, fuzz_path("out.h5"), &options, &result);
    if (code == LS_OK) {
        check_packed(fuzz_path("out.h5"));
    } else {
        fuzz_check_code(code);
    }
}

static void write_record(const char *path, const uint8_t *data, size_t size)
{
    uint8_t *record = calloc(size + 16, 1);
    FUZZ_CHECK(record != NULL);
    for (size_t i = 0; i < 8; i++) {
        record[i] = (uint8_t)((uint64_t)size >> 8 * i);
    }
    const uint32_t sums[2] = {crc32c_masked(record, 8), crc32c_masked(data, size)};
    memcpy(record + 8, &sums[0], 4);
    memcpy(record + 12, data, size);
    memcpy(record + 12 + size, &sums[1], 4);
    fuzz_write_file(path, record, size + 16);
    free(record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t labels[12] = {0, 0, 8, 1, 0, 0, 0, 4, 0, 1, 2, 1};
    if (size == 0) {
        return 0;
    }
    switch (data[0] % KINDS) {
    case ARCHIVE:
        fuzz_write_file(fuzz_path("in.tar"), data + 1, size - 1);
        pack_archive_of(fuzz_path("in.tar"));
        break;
    case EXAMPLE:
        write_record(fuzz_path("in.tfrecord"), data + 1, size - 1);
        pack_samples_of(fuzz_path("in.tfrecord"));
        break;
    case IDX:
        fuzz_write_file(fuzz_path("in-images-idx3"), data + 1, size - 1);
        fuzz_write_file(fuzz_path("in-labels-idx1"), labels, sizeof labels);
        pack_samples_of(fuzz_path("in-images-idx3"));
        break;
    case LIST:
        fuzz_write_file(fuzz_path("in.csv"), data + 1, size - 1);
        pack_list_of(fuzz_path("in.csv"));
        break;
    default:
        fuzz_write_file(fuzz_path("in.bin"), data + 1, size - 1);
        pack_samples_of(fuzz_path("in.bin"));
        break;
    }
    return 0;
}

static void add_file(struct archive *a, const char *name, const void *bytes, size_t size)
{
    struct archive_entry *entry = archive_entry_new();
    FUZZ_CHECK(entry != NULL);
    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_size(entry, (la_int64_t)size);
    FUZZ_CHECK(archive_write_header(a, entry) == ARCHIVE_OK);
    FUZZ_CHECK(archive_write_data(a, bytes, size) == (la_ssize_t)size);
    archive_entry_free(entry);
}

/* zip: else tar; keyed: a WebDataset. */
static size_t seed_archive(uint8_t *out, size_t room, int zip, int gzip, int keyed)
{
    size_t used = 0;
    struct archive *a = archive_write_new();
    FUZZ_CHECK(a != NULL);
    FUZZ_CHECK((zip ? archive_write_set_format_zip(a) : archive_write_set_format_ustar(a)) == ARCHIVE_OK);
    FUZZ_CHECK(!gzip || archive_write_add_filter_gzip(a) == ARCHIVE_OK);
    (void)archive_write_set_bytes_per_block(a, 512);
    FUZZ_CHECK(archive_write_open_memory(a, out + 1, room - 1, &used) == ARCHIVE_OK);
    add_file(a, keyed ? "a.png" : "ant/1.png", png, png_size);
    add_file(a, keyed ? "a.cls" : "bee/1.png", keyed ? (const void *)"1\n" : png, keyed ? 2 : png_size);
    FUZZ_CHECK(archive_write_close(a) == ARCHIVE_OK);
    (void)archive_write_free(a);
    out[0] = ARCHIVE;
    return used + 1;
}

static size_t seed_example(uint8_t *out, size_t room, int named)
{
    text_builder example = {0};
    text_builder features = {0};
    text_builder list = {0};
    proto_add_bytes(&list, 1, (const char *)png, png_size);
    example_add_feature(&features, "image/encoded", 1, &list);
    if (named) {
        proto_add_text(&list, 1, "ant");
    } else {
        proto_add_number(&list, 1, 1);
    }
    example_add_feature(&features, named ? "image/class/text" : "label", named ? 1 : 3, &list);
    proto_add_message(&example, 1, &features);
    FUZZ_CHECK(!example.failed && example.length < room);
    out[0] = EXAMPLE;
    memcpy(out + 1, example.bytes, example.length);
    const size_t size = example.length + 1;
    text_release(&example);
    return size;
}

size_t fuzz_seed(size_t number, uint8_t *out, size_t room)
{
    static const char *const lists[] = {"path,label\na.png,ant\nb.jpg,bee\n",
                                        "id\tset\ty\nb\tval\t1\na.png\ttrain\t0\n", "\"a.png\";1\r\n.\\b.jpg;0\r\n",
                                        "a.png ant\nb.jpg bee\n"};
    static const uint8_t idx[] = {IDX, 0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8};
    if (number < 8) {
        return seed_archive(out, room, (number & 1) != 0, (number & 2) != 0, (number & 4) != 0);
    }
    if (number < 10) {
        return seed_example(out, room, number == 9);
    }
    if (number > 10 && number - 11 < sizeof lists / sizeof *lists) {
        const char *list = lists[number - 11];
        out[0] = LIST;
        memcpy(out + 1, list, strlen(list));
        return strlen(list) + 1;
    }
    memcpy(out, idx, sizeof idx);
    return number == 10 ? sizeof idx : 0;
}
