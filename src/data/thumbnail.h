#ifndef LOCKSTEP_DATA_THUMBNAIL_H
#define LOCKSTEP_DATA_THUMBNAIL_H

#include <stddef.h>
#include <stdint.h>

#include "data/image.h"

/*
 * A small copy of a picture, as a file to be shown. Nothing of the picture's own file is in it but pixels, no tags and
 * no text.
 */
typedef struct thumbnail {
    uint8_t *bytes; /* owned; the file */
    size_t size;
    image_kind kind; /* IMAGE_PNG, without loss, of a picture that is not shrunk; else IMAGE_JPEG */
    size_t width, height;
} thumbnail;

/* At most `side` pixels wide and high, in the picture's proportions, never larger than it. The orientation is not
 * looked at. Returns 0, LS_ENOMEM or LS_ERROR; *out: thumbnail_release. */
int thumbnail_make(thumbnail *out, const image *i, size_t side);
void thumbnail_release(thumbnail *t);

/*
 * The pixels alone, *pixels [*height][*width][3] for free(), of a picture that is larger than `side` in either
 * direction. Returns 0 or LS_ENOMEM.
 */
int thumbnail_shrink(uint8_t **pixels, size_t *width, size_t *height, const image *i, size_t side);

#endif
