#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <avif/avif.h>

#include "base/error.h"
#include "data/image.h"

/* AVIF; of a sequence its first picture. libavif hands its limits on to the decoder of AV1 below it. */

static int damaged(const avifDecoder *d, avifResult result)
{
    if (result == AVIF_RESULT_OUT_OF_MEMORY) {
        return error_set(LS_ENOMEM, "no memory to decode an AVIF picture");
    }
    if (strstr(d->diag.error, "too large") != NULL) {
        return error_set(LS_EFORMAT, "too large (%.100s); at most %d pixels a side and %d in all are read",
                         d->diag.error, IMAGE_MAX_SIDE, IMAGE_MAX_PIXELS);
    }
    return d->diag.error[0] == '\0'
               ? error_set(LS_EFORMAT, "damaged AVIF: %s", avifResultToString(result))
               : error_set(LS_EFORMAT, "damaged AVIF: %s (%.100s)", avifResultToString(result), d->diag.error);
}

/* As an orientation tag would say what the file says by a rotation, and a mirroring after it. */
static int orientation_of(const avifImage *i)
{
    static const int plain[4] = {1, 8, 3, 6};      /* by quarter turns, against the clock */
    static const int top_bottom[4] = {4, 5, 2, 7}; /* and top and bottom exchanged */
    static const int left_right[4] = {2, 7, 4, 5}; /* and left and right exchanged */
    const unsigned turns = i->transformFlags & AVIF_TRANSFORM_IROT ? i->irot.angle & 3u : 0;
    if (!(i->transformFlags & AVIF_TRANSFORM_IMIR)) {
        return plain[turns];
    }
#if AVIF_VERSION_MAJOR > 0
    return i->imir.axis == 0 ? top_bottom[turns] : left_right[turns];
#else
    return i->imir.mode == 0 ? top_bottom[turns] : left_right[turns];
#endif
}

/* libavif would multiply colours by an alpha that it is not to hand out. */
static int draw(image *out, const avifImage *from)
{
    const bool alpha = from->alphaPlane != NULL;
    avifRGBImage rgb;
    avifRGBImageSetDefaults(&rgb, from);
    rgb.depth = 8;
    rgb.format = alpha ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
    rgb.rowBytes = (uint32_t)out->width * (alpha ? 4 : 3);
    uint8_t *rgba = alpha ? malloc(out->width * out->height * 4) : NULL;
    if (alpha && rgba == NULL) {
        return error_set(LS_ENOMEM, "no memory to decode an AVIF picture");
    }
    rgb.pixels = alpha ? rgba : out->pixels;
    const avifResult result = avifImageYUVToRGB(from, &rgb);
    if (alpha && result == AVIF_RESULT_OK) {
        image_lay(out->pixels, rgba, out->width * out->height, out->background);
    }
    free(rgba);
    return result == AVIF_RESULT_OK ? LS_OK : error_set(LS_EFORMAT, "damaged AVIF: %s", avifResultToString(result));
}

static int decode(avifDecoder *d, image *out, const uint8_t *bytes, size_t size)
{
    avifResult result = avifDecoderSetIOMemory(d, bytes, size);
    if (result == AVIF_RESULT_OK) {
        result = avifDecoderParse(d);
    }
    if (result != AVIF_RESULT_OK) {
        return damaged(d, result);
    }
    int code = image_check_size(d->image->width, d->image->height);
    if (code != LS_OK) {
        return code;
    }
    result = avifDecoderNextImage(d);
    if (result != AVIF_RESULT_OK) {
        return damaged(d, result);
    }
    code = image_reserve(out, d->image->width, d->image->height);
    if (code == LS_OK) {
        code = draw(out, d->image);
    }
    if (code == LS_OK) {
        out->orientation = orientation_of(d->image);
    }
    if (code == LS_OK && d->imageCount > 1) {
        (void)snprintf(out->note, sizeof out->note, "an animation, of which only the first picture is used");
    }
    return code;
}

int decode_avif(image *out, const uint8_t *bytes, size_t size)
{
    avifDecoder *d = avifDecoderCreate();
    if (d == NULL) {
        return error_set(LS_ENOMEM, "no memory to decode an AVIF picture");
    }
    d->maxThreads = 1;
    d->imageSizeLimit = IMAGE_MAX_PIXELS;
    d->imageDimensionLimit = IMAGE_MAX_SIDE;
    d->ignoreExif = AVIF_TRUE; /* the file's own rotation counts (ISO/IEC 23000-22) */
    d->ignoreXMP = AVIF_TRUE;
    d->strictFlags &= ~(avifStrictFlags)AVIF_STRICT_PIXI_REQUIRED; /* which many files lack */
    const int code = decode(d, out, bytes, size);
    avifDecoderDestroy(d);
    return code;
}
