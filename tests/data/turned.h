#ifndef LOCKSTEP_TESTS_DATA_TURNED_H
#define LOCKSTEP_TESTS_DATA_TURNED_H

/* Pictures with an orientation tag, and data sets of the format that did not look at it. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "base/error.h"
#include "data/dataset.h"
#include "io/h5.h"

enum { EXIF_SIZE = 32, EXIF_ENTRY = 16 }; /* with its name; where the one entry begins */

static inline void exif_number(uint8_t *out, size_t size, uint32_t number, bool big)
{
    for (size_t i = 0; i < size; i++) {
        out[big ? size - 1 - i : i] = (uint8_t)(number >> (8 * i));
    }
}

/* "Exif\0\0" and a TIFF file whose one entry is the tag, a SHORT. */
static inline void exif_make(uint8_t out[EXIF_SIZE], unsigned orientation, bool big)
{
    memset(out, 0, EXIF_SIZE);
    memcpy(out, "Exif", 4);
    memcpy(out + 6, big ? "MM" : "II", 2);
    exif_number(out + 8, 2, 42, big);
    exif_number(out + 10, 4, 8, big);
    exif_number(out + 14, 2, 1, big);
    exif_number(out + EXIF_ENTRY, 2, 0x0112, big);
    exif_number(out + EXIF_ENTRY + 2, 2, 3, big);
    exif_number(out + EXIF_ENTRY + 4, 4, 1, big);
    exif_number(out + EXIF_ENTRY + 8, 2, orientation, big);
}

/* A file with `size` bytes put in at `at`; freed by the caller. */
static inline uint8_t *turned_insert(const uint8_t *whole, size_t *whole_size, size_t at, const uint8_t *bytes,
                                     size_t size)
{
    uint8_t *out = malloc(*whole_size + size);
    if (out != NULL) {
        memcpy(out, whole, at);
        memcpy(out + at, bytes, size);
        memcpy(out + at + size, whole + at, *whole_size - at);
        *whole_size += size;
    }
    return out;
}

/* A PNG with an Exif chunk behind its header, of `exif` without its name; freed by the caller. */
static inline uint8_t *turned_png(const uint8_t *png, size_t *size, const uint8_t exif[EXIF_SIZE])
{
    enum { HEADER = 33, CONTENT = EXIF_SIZE - 6 };
    uint8_t chunk[CONTENT + 12];
    exif_number(chunk, 4, CONTENT, true);
    memcpy(chunk + 4, "eXIf", 4);
    memcpy(chunk + 8, exif + 6, CONTENT);
    exif_number(chunk + 8 + CONTENT, 4, (uint32_t)crc32(0, chunk + 4, CONTENT + 4), true);
    return turned_insert(png, size, HEADER, chunk, sizeof chunk);
}

/* A JPEG with an Exif marker behind its start; freed by the caller. */
static inline uint8_t *turned_jpeg(const uint8_t *jpeg, size_t *size, const uint8_t *exif, size_t exif_size)
{
    uint8_t marker[4 + 256] = {0xff, 0xe1};
    exif_number(marker + 2, 2, (uint32_t)exif_size + 2, true);
    memcpy(marker + 4, exif, exif_size);
    return turned_insert(jpeg, size, 2, marker, exif_size + 4);
}

/* The orientation that turns back what `orientation` turns. */
static inline int turned_back(int orientation)
{
    return orientation == 6 ? 8 : orientation == 8 ? 6 : orientation;
}

/*
 * The pixels of in [height][width][3] as somebody sees them who follows the tag, pixel by pixel: what the first line
 * and column of the stored picture are. out: the same number of pixels; 5 to 8 exchange width and height.
 */
static inline void turned_pixels(uint8_t *out, const uint8_t *in, size_t width, size_t height, int orientation)
{
    for (size_t y = 0; y < height; y++) {
        for (size_t x = 0; x < width; x++) {
            const size_t from_right = width - 1 - x;
            const size_t from_bottom = height - 1 - y;
            size_t to = 0;
            switch (orientation) {
            case 2: to = y * width + from_right; break;
            case 3: to = from_bottom * width + from_right; break;
            case 4: to = from_bottom * width + x; break;
            case 5: to = x * height + y; break;
            case 6: to = x * height + from_bottom; break;
            case 7: to = from_right * height + from_bottom; break;
            case 8: to = from_right * height + y; break;
            default: to = y * width + x; break;
            }
            memcpy(out + 3 * to, in + 3 * (y * width + x), 3);
        }
    }
}

/* A data set of two classes as format version 1 had it. */
static inline int turned_write_version_1(const char *path, const dataset_item *items, size_t n)
{
    static const char *const classes[2] = {"a", "b"};
    enum { MOST = 64 };
    uint64_t offsets[MOST + 1] = {0};
    uint64_t hashes[MOST];
    int32_t labels[MOST];
    uint8_t split[MOST];
    const char *names[MOST];
    h5_file *f = NULL;
    for (size_t i = 0; i < n && i < MOST; i++) {
        offsets[i + 1] = offsets[i] + items[i].size;
        hashes[i] = items[i].hash;
        labels[i] = items[i].label;
        split[i] = (uint8_t)items[i].split;
        names[i] = items[i].name;
    }
    const size_t total = (size_t)offsets[n];
    const size_t ends = n + 1;
    const dataset_columns columns = {.samples = n,
                                     .offsets = offsets,
                                     .hashes = hashes,
                                     .labels = labels,
                                     .split = split,
                                     .names = names,
                                     .classes = classes,
                                     .class_count = 2};
    int failed =
        n > MOST || h5_create(&f, path) != LS_OK || h5_write_attr_string(f, "/", "format", DATASET_FORMAT) != LS_OK ||
        h5_write_attr(f, "/", "format_version", H5_INT64, &(int64_t){1}) != LS_OK ||
        h5_write_attr(f, "/", "checksum", H5_UINT64, &(uint64_t){dataset_checksum(&columns)}) != LS_OK ||
        h5_write(f, "/offsets", H5_UINT64, 1, &ends, offsets) != LS_OK ||
        h5_write(f, "/hashes", H5_UINT64, 1, &n, hashes) != LS_OK ||
        h5_write(f, "/labels", H5_INT32, 1, &n, labels) != LS_OK ||
        h5_write(f, "/split", H5_UINT8, 1, &n, split) != LS_OK || h5_write_strings(f, "/names", names, n) != LS_OK ||
        h5_write_strings(f, "/classes", classes, 2) != LS_OK ||
        h5_write(f, "/bytes", H5_UINT8, 1, &total, NULL) != LS_OK;
    for (size_t i = 0; i < n && !failed; i++) {
        failed = h5_write_slice(f, "/bytes", H5_UINT8, (size_t)offsets[i], items[i].size, items[i].bytes) != LS_OK;
    }
    return h5_close(f) == LS_OK && !failed ? LS_OK : LS_ERROR;
}

#endif
