/*
 * make_pictures FILE TRAIN TRAIN_BYTES VAL VAL_BYTES: a data set of so many pictures with so many bytes each: small
 * ones, and zeros after their end, which decoders do not look at. For tests that need a large file soon.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "data/dataset_writer.h"
#include "data/image.h"

enum { SIDE = 8, NAME_SIZE = 32 };

/* [2] pictures of `bytes` bytes each, of different classes; NULL when memory runs out. */
static uint8_t *picture(int label, size_t bytes)
{
    uint8_t pixels[SIDE * SIDE];
    uint8_t *png = NULL;
    size_t size = 0;
    memset(pixels, label == 0 ? 20 : 200, sizeof pixels);
    if (image_encode_png(&png, &size, pixels, SIDE, SIDE, 1) != LS_OK || size > bytes) {
        free(png);
        return NULL;
    }
    uint8_t *out = calloc(bytes, 1);
    if (out != NULL) {
        memcpy(out, png, size);
    }
    free(png);
    return out;
}

static size_t number(const char *text)
{
    return (size_t)strtoull(text, NULL, 10);
}

int main(int argc, char **argv)
{
    const char *const classes[2] = {"dark", "light"};
    if (argc != 6) {
        (void)fprintf(stderr, "usage: make_pictures FILE TRAIN TRAIN_BYTES VAL VAL_BYTES\n");
        return 2;
    }
    const size_t counts[2] = {number(argv[2]), number(argv[4])};
    const size_t bytes[2] = {number(argv[3]), number(argv[5])};
    const size_t all = counts[0] + counts[1];
    uint8_t *pictures[2][2] = {{NULL}};
    dataset_item *items = calloc(all + 1, sizeof *items);
    char(*names)[NAME_SIZE] = calloc(all + 1, sizeof *names);
    int code = items == NULL || names == NULL ? LS_ENOMEM : LS_OK;
    for (int i = 0; i < 4; i++) {
        pictures[i / 2][i % 2] = picture(i % 2, bytes[i / 2]);
        code = pictures[i / 2][i % 2] == NULL ? LS_ENOMEM : code;
    }
    for (size_t i = 0; code == LS_OK && i < all; i++) {
        const int split = i >= counts[0];
        uint8_t *p = pictures[split][i % 2];
        (void)snprintf(names[i], NAME_SIZE, "picture-%zu", i);
        items[i] = (dataset_item){.name = names[i], .bytes = p, .size = bytes[split], .label = (int32_t)(i % 2)};
        items[i].hash = hash_bytes(HASH_START, p, bytes[split]);
        items[i].split = split ? DATASET_VAL : DATASET_TRAIN;
    }
    code = code == LS_OK ? dataset_write(argv[1], items, all, classes, 2) : code;
    if (code != LS_OK) {
        (void)fprintf(stderr, "make_pictures: %s\n", error_message());
    }
    for (int i = 0; i < 4; i++) {
        free(pictures[i / 2][i % 2]);
    }
    free(items);
    free(names);
    return code == LS_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
