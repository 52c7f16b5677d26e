#include "data/image.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "data/image_kinds.h"

/* libjpeg-turbo writes rows that begin at a multiple of 32 bytes past the caches, and whoever needs them next waits for
 * memory. So they begin at odd addresses, but for some of an odd number of bytes. */
enum { ODD = 1 };

int image_decode(image *out, const uint8_t *bytes, size_t size)
{
    return image_decode_reduced(out, bytes, size, NULL);
}

size_t image_whole_width(const image *i)
{
    return i->reduced.width > 0 ? i->reduced.width : i->width;
}

size_t image_whole_height(const image *i)
{
    return i->reduced.height > 0 ? i->reduced.height : i->height;
}

int image_decode_reduced(image *out, const uint8_t *bytes, size_t size, const image_wish *wish)
{
    out->orientation = 1;
    out->reduced = (image_reduction){0};
    out->note[0] = '\0';
    const image_kind kind = image_kind_of(bytes, size);
    image_decoder *const decode = image_kind_decoder(kind);
    if (kind == IMAGE_JPEG) {
        return decode_jpeg(out, bytes, size, wish);
    }
    if (decode != NULL) {
        return decode(out, bytes, size);
    }
    if (size == 0) {
        return error_set(LS_EFORMAT, "the file is empty");
    }
    if (kind == IMAGE_UNKNOWN) {
        return error_set(LS_EFORMAT, "not a picture; %s files are read", image_kinds_read());
    }
    const char *const lacks = image_kind_lacks(kind);
    return *lacks == '\0' ? error_set(LS_EFORMAT, "%s files are not read", image_kind_name(kind))
                          : error_set(LS_EFORMAT, "%s files are not read by this build, which was made without %s",
                                      image_kind_name(kind), lacks);
}

void image_lay(uint8_t *out, const uint8_t *rgba, size_t n, image_background background)
{
    static const unsigned levels[] = {[IMAGE_ON_WHITE] = 255, [IMAGE_ON_BLACK] = 0, [IMAGE_ON_GRAY] = 128};
    for (size_t i = 0; i < n; i++, rgba += 4, out += 3) {
        if (background == IMAGE_ALPHA_DROPPED || rgba[3] == 255) {
            memcpy(out, rgba, 3);
            continue;
        }
        const unsigned behind = levels[background] * (255u - rgba[3]);
        for (int c = 0; c < 3; c++) {
            out[c] = (uint8_t)((rgba[c] * (unsigned)rgba[3] + behind + 127) / 255);
        }
    }
}

int image_check_size(size_t width, size_t height)
{
    if (width == 0 || height == 0) {
        return error_set(LS_EFORMAT, "the header gives a size of %zu x %zu pixels", width, height);
    }
    if (width > IMAGE_MAX_SIDE || height > IMAGE_MAX_SIDE || width * height > IMAGE_MAX_PIXELS) {
        return error_set(LS_EFORMAT, "too large: %zu x %zu pixels; at most %d a side and %d in all are read", width,
                         height, IMAGE_MAX_SIDE, IMAGE_MAX_PIXELS);
    }
    return LS_OK;
}

int image_reserve(image *i, size_t width, size_t height)
{
    const int code = image_check_size(width, height);
    if (code != LS_OK) {
        return code;
    }
    const size_t need = width * height * 3;
    if (i->capacity < need) {
        uint8_t *memory = malloc(need + ODD); /* not realloc: nothing of the old picture is worth copying */
        if (memory == NULL) {
            return error_set(LS_ENOMEM, "no memory for a picture of %zu x %zu pixels", width, height);
        }
        free(i->memory);
        i->memory = memory;
        i->pixels = memory + ODD;
        i->capacity = need;
    }
    i->width = width;
    i->height = height;
    return LS_OK;
}

int image_of_pixels(image *out, const uint8_t *pixels, size_t width, size_t height, size_t channels, bool planes)
{
    const int code = image_reserve(out, width, height);
    if (code != LS_OK) {
        return code;
    }
    out->orientation = 1;
    out->reduced = (image_reduction){0};
    out->note[0] = '\0';
    const size_t n = width * height;
    if (channels == 3 && !planes) {
        memcpy(out->pixels, pixels, 3 * n);
        return LS_OK;
    }
    const size_t next = channels == 3 ? n : 0; /* from a channel to the next */
    for (size_t i = 0; i < n; i++) {
        for (size_t c = 0; c < 3; c++) {
            out->pixels[3 * i + c] = pixels[i + c * next];
        }
    }
    return LS_OK;
}

void image_release(image *i)
{
    free(i->memory);
    *i = (image){0};
}
