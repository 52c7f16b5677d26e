#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "base/error.h"
#include "data/image.h"

int image_encode_png(uint8_t **out, size_t *out_size, const uint8_t *pixels, size_t width, size_t height,
                     size_t channels)
{
    int code = LS_OK;
    uint8_t *bytes = NULL;
    *out = NULL;
    if (width == 0 || height == 0 || width > IMAGE_MAX_SIDE || height > IMAGE_MAX_SIDE ||
        width * height > IMAGE_MAX_PIXELS || (channels != 1 && channels != 3)) {
        return error_set(LS_EUSAGE, "cannot write a PNG of %zu x %zu pixels and %zu channels", width, height, channels);
    }
    png_image picture;
    memset(&picture, 0, sizeof picture);
    picture.version = PNG_IMAGE_VERSION;
    picture.width = (png_uint_32)width;
    picture.height = (png_uint_32)height;
    picture.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(picture);
    bytes = malloc(size);
    if (bytes == NULL) {
        code = error_set(LS_ENOMEM, "no memory to write a PNG of %zu x %zu pixels", width, height);
        goto cleanup;
    }
    if (!png_image_write_to_memory(&picture, bytes, &size, 0, pixels, 0, NULL)) {
        code = error_set(LS_ERROR, "cannot write a PNG: %s", picture.message);
        goto cleanup;
    }
    uint8_t *fitted = realloc(bytes, size);
    *out = fitted != NULL ? fitted : bytes;
    *out_size = size;
    bytes = NULL;
cleanup:
    free(bytes);
    png_image_free(&picture);
    return code;
}
