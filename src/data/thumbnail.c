#include "data/thumbnail.h"

#include <stdlib.h>

#include "base/error.h"
#include "data/resize.h"

enum { QUALITY = 80 };

/* A side in proportion, at least a pixel. */
static size_t scaled(size_t length, size_t side, size_t longest)
{
    const size_t n = (length * side + longest / 2) / longest;
    return n > 0 ? n : 1;
}

int thumbnail_shrink(uint8_t **pixels, size_t *width, size_t *height, const image *i, size_t side)
{
    const size_t longest = i->width > i->height ? i->width : i->height;
    *width = scaled(i->width, side, longest);
    *height = scaled(i->height, side, longest);
    const size_t n = *width * *height * 3;
    const resize_box whole = {0, 0, (double)i->width, (double)i->height};
    resize_space space = {0};
    real *values = calloc(n, sizeof *values);
    uint8_t *bytes = calloc(n, 1);
    int code = values == NULL || bytes == NULL
                   ? error_set(LS_ENOMEM, "no memory for a thumbnail of %zu x %zu pixels", *width, *height)
                   : resize_picture(values, *width, *height, i, whole, false, RESIZE_UNIT, &space);
    for (size_t k = 0; code == LS_OK && k < n; k++) {
        const double value = 255 * (double)values[k] + 0.5;
        bytes[k] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
    }
    if (code != LS_OK) {
        free(bytes);
        bytes = NULL;
    }
    *pixels = bytes;
    free(values);
    resize_space_release(&space);
    return code;
}

int thumbnail_make(thumbnail *out, const image *i, size_t side)
{
    *out = (thumbnail){.kind = IMAGE_PNG, .width = i->width, .height = i->height};
    if (i->width <= side && i->height <= side) {
        return image_encode_png(&out->bytes, &out->size, i->pixels, i->width, i->height, 3);
    }
    uint8_t *pixels = NULL;
    out->kind = IMAGE_JPEG;
    int code = thumbnail_shrink(&pixels, &out->width, &out->height, i, side);
    if (code == LS_OK) {
        code = image_encode_jpeg(&out->bytes, &out->size, pixels, out->width, out->height, QUALITY);
    }
    free(pixels);
    return code;
}

void thumbnail_release(thumbnail *t)
{
    free(t->bytes);
    *t = (thumbnail){0};
}
