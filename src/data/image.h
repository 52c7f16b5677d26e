#ifndef LOCKSTEP_DATA_IMAGE_H
#define LOCKSTEP_DATA_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Decoded pictures: 8-bit RGB. Files are distinguished by their first bytes, never by name. Colour profiles are not
 * applied; alpha is dropped; gray becomes equal R, G and B. An orientation tag is read, and applied by
 * orientation_turn.
 */

/*
 * Limits on what a file may ask for, in memory by its header, and in time by a few bytes for each scan over a
 * progressive JPEG; docs/data.md says what they come to. The side is also libjpeg's limit.
 */
enum { IMAGE_NOTE_SIZE = 120, IMAGE_MAX_SIDE = 65500, IMAGE_MAX_PIXELS = 100000000, IMAGE_MAX_SCANS = 100 };
#define IMAGE_MAX_SCANNED ((size_t)2500000000) /* pixels times scans; a quarter of both for arithmetic codes */

/* Of a picture that was made smaller while it was decoded. */
typedef struct image_reduction {
    size_t width, height; /* of the whole picture; 0: it was not */
    double scale;         /* pixels here for each of that in a line or column: 1/2, 1/4 or 1/8 */
    double left, top;     /* pixels here that lie before its edge: parts of one, of pictures that were turned */
} image_reduction;

typedef struct image {
    uint8_t *pixels; /* [height][width][3], owned; reused by the next decode into this image */
    size_t width, height;
    size_t capacity; /* bytes in pixels */
    int orientation; /* as the file's tag says, 1 (upright) to 8; set by decoding, which does not turn the pixels */
    image_reduction reduced;    /* set by decoding; zeros of other pictures */
    char note[IMAGE_NOTE_SIZE]; /* what is odd about a file that was read all the same, "" for nothing; set by decoding
                                 */
} image;

typedef enum image_kind { IMAGE_UNKNOWN, IMAGE_JPEG, IMAGE_PNG } image_kind;

/* What the first bytes say. */
image_kind image_kind_of(const uint8_t *bytes, size_t size);

/*
 * Decode a JPEG or PNG file held in memory. `out` starts as zeros or holds an earlier picture. Returns 0, LS_ENOMEM,
 * or LS_EFORMAT with a message that says what is wrong but not in which file: the caller knows its name. A file of
 * which pixels are missing is an error, not a partly gray picture. What else is wrong with one that can be read all the
 * same, such as a missing end, is in out->note.
 */
int image_decode(image *out, const uint8_t *bytes, size_t size);

/*
 * The same of pixels of 1 (gray) or 3 channels, 8 bits each: [height][width][channels], or [channels][height][width]
 * where they are planes. Returns 0, LS_EFORMAT (too large) or LS_ENOMEM.
 */
int image_of_pixels(image *out, const uint8_t *pixels, size_t width, size_t height, size_t channels, bool planes);

/*
 * How small a picture may become where that spares work: asked once its size is known, as it is stored; the answer is
 * how often its sides may be halved.
 */
typedef struct image_wish {
    int (*halvings)(const void *context, size_t width, size_t height, int orientation);
    const void *context; /* not owned */
} image_wish;

/* As image_decode; a JPEG's sides are halved as often as the wish says, at most three times: out->reduced. */
int image_decode_reduced(image *out, const uint8_t *bytes, size_t size, const image_wish *wish);

/* The size of a picture, or of that which it is a reduction of. */
size_t image_whole_width(const image *i);
size_t image_whole_height(const image *i);

/* Free the pixels. */
void image_release(image *i);

/*
 * Encode a picture of 1 (gray) or 3 (RGB) channels, 8 bits each, as PNG. *out is freed by the caller with free().
 * Returns 0, LS_ENOMEM, LS_EUSAGE (an impossible size) or LS_ERROR.
 */
int image_encode_png(uint8_t **out, size_t *out_size, const uint8_t *pixels, size_t width, size_t height,
                     size_t channels);

/*
 * Encode RGB as a baseline JPEG, quality 1 to 100. *out is freed by the caller with free(). Returns 0, LS_EUSAGE (an
 * impossible size) or LS_ERROR.
 */
int image_encode_jpeg(uint8_t **out, size_t *out_size, const uint8_t *pixels, size_t width, size_t height, int quality);

/* Whether a picture of this size is read: 0, or LS_EFORMAT with a message that names the limits. */
int image_check_size(size_t width, size_t height);

/* For the decoders: make room for width x height, within the limits. Returns 0, LS_EFORMAT or LS_ENOMEM. */
int image_reserve(image *i, size_t width, size_t height);

/* The decoders behind image_decode, one a file. */
int decode_jpeg(image *out, const uint8_t *bytes, size_t size, const image_wish *wish); /* wish: NULL: none */
int decode_png(image *out, const uint8_t *bytes, size_t size);

#endif
