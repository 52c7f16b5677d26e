#ifndef LOCKSTEP_DATA_DECODE_TIFF_PRIVATE_H
#define LOCKSTEP_DATA_DECODE_TIFF_PRIVATE_H

#include <stdbool.h>

#include <tiffio.h>

#include "data/image.h"

/*
 * How samples become pixels, where libtiff's own way is another than that of the other decoders: it multiplies colours
 * by their alpha, and cuts gray values of 16 bits. All other kinds of pixels are left to it.
 */
typedef struct tiff_pixels {
    TIFFRGBAImage rgba; /* first, as libtiff hands it to functions that want the rest */
    int extra;          /* what the first sample behind the colours is, -1 for none */
    bool lays;          /* colours are divided by their alpha, which libtiff has multiplied them by */
} tiff_pixels;

/* Begun with TIFFRGBAImageBegin; `extra` is set. */
void tiff_pixels_choose(tiff_pixels *p);

/* A row of libtiff's pixels to red, green, blue and alpha, one byte each. */
void tiff_pixels_unpack(const tiff_pixels *p, uint8_t *out, const uint32_t *row, size_t width);

#endif
