#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <libheif/heif.h>

#include "base/error.h"
#include "data/image.h"

/* HEIC: the primary picture of the file, turned and cut as the file says, which libheif does. */

typedef struct reader {
    struct heif_context *context;
    struct heif_image_handle *handle;
    struct heif_decoding_options *options;
    struct heif_image *picture;
} reader;

static int damaged(struct heif_error e)
{
    const char *const why = e.message == NULL ? "unknown" : e.message;
    return e.code == heif_error_Memory_allocation_error && e.subcode != heif_suberror_Security_limit_exceeded
               ? error_set(LS_ENOMEM, "no memory to decode an HEIC picture")
               : error_set(LS_EFORMAT, "damaged HEIC: %.*s", (int)strcspn(why, "\n"), why);
}

static int draw(reader *r, image *out, bool lay)
{
    int stride = 0;
    const uint8_t *pixels = heif_image_get_plane_readonly(r->picture, heif_channel_interleaved, &stride);
    const int width = heif_image_get_width(r->picture, heif_channel_interleaved);
    const int height = heif_image_get_height(r->picture, heif_channel_interleaved);
    if (pixels == NULL || width <= 0 || height <= 0) {
        return error_set(LS_EFORMAT, "damaged HEIC: it has no pixels");
    }
    /* Of another size than the file says, libde265 leaves parts as they lie in memory. */
    if (width != heif_image_handle_get_width(r->handle) || height != heif_image_handle_get_height(r->handle)) {
        return error_set(LS_EFORMAT, "damaged HEIC: sizes in it contradict each other");
    }
    const int code = image_reserve(out, (size_t)width, (size_t)height);
    for (size_t y = 0; code == LS_OK && y < out->height; y++) {
        const uint8_t *row = pixels + y * (size_t)stride;
        uint8_t *to = out->pixels + y * out->width * 3;
        if (lay) {
            image_lay(to, row, out->width, out->background);
        } else {
            memcpy(to, row, out->width * 3);
        }
    }
    return code;
}

static int decode(reader *r, image *out, const uint8_t *bytes, size_t size)
{
    struct heif_error e = heif_context_read_from_memory_without_copy(r->context, bytes, size, NULL);
    if (e.code == heif_error_Ok) {
        e = heif_context_get_primary_image_handle(r->context, &r->handle);
    }
    if (e.code != heif_error_Ok) {
        return damaged(e);
    }
    const int width = heif_image_handle_get_width(r->handle);
    const int height = heif_image_handle_get_height(r->handle);
    const int code = image_check_size(width > 0 ? (size_t)width : 0, height > 0 ? (size_t)height : 0);
    if (code != LS_OK) {
        return code;
    }
    const bool lay = out->background != IMAGE_ALPHA_DROPPED && heif_image_handle_has_alpha_channel(r->handle);
    r->options->convert_hdr_to_8bit = 1;
    r->options->strict_decoding = 1; /* else what is damaged is made up of what lies in memory */
    e = heif_decode_image(r->handle, &r->picture, heif_colorspace_RGB,
                          lay ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB, r->options);
    return e.code == heif_error_Ok ? draw(r, out, lay) : damaged(e);
}

int decode_heic(image *out, const uint8_t *bytes, size_t size)
{
    reader r = {.context = heif_context_alloc(), .options = heif_decoding_options_alloc()};
    int code = LS_OK;
    if (r.context == NULL || r.options == NULL) {
        code = error_set(LS_ENOMEM, "no memory to decode an HEIC picture");
    } else {
        heif_context_set_max_decoding_threads(r.context, 0);
        heif_context_set_maximum_image_size_limit(r.context, IMAGE_MAX_SIDE);
        code = decode(&r, out, bytes, size);
    }
    if (code == LS_OK && heif_context_get_number_of_top_level_images(r.context) > 1) {
        (void)snprintf(out->note, sizeof out->note, "it has several pictures, of which only the primary one is used");
    }
    heif_image_release(r.picture);
    heif_image_handle_release(r.handle);
    heif_decoding_options_free(r.options);
    heif_context_free(r.context);
    return code;
}
