#ifndef LOCKSTEP_TESTS_FUZZ_PICTURES_MORE_PRIVATE_H
#define LOCKSTEP_TESTS_FUZZ_PICTURES_MORE_PRIVATE_H

#include "pictures_more.h"

/* What the files of pictures_more have in common. */

enum { W = MORE_WIDTH, H = MORE_HEIGHT };

/* A file under way. */
typedef struct sink {
    uint8_t *bytes;
    size_t room, size, at;
} sink;

typedef struct more_kind {
    void (*make)(sink *out, const struct more_kind *kind);
    more_about about;
    int first, second; /* what the function makes of them */
} more_kind;

void sink_put(sink *s, const void *bytes, size_t n);

/* The lowest byte first. */
void sink_put_number(sink *s, uint32_t value, size_t bytes);

/* The first samples, 3 or 4 of them, of all pixels. */
void more_paint(uint8_t *out, size_t samples);

/* BMP. first: bits; second: compression. */
void more_make_bmp(sink *s, const more_kind *k);

/* GIF. first: interlaced; second: pictures. */
void more_make_gif(sink *s, const more_kind *k);

/* WebP. first: with loss; second: an animation. */
void more_make_webp(sink *s, const more_kind *k);

/* TIFF. first: compression; second: pages. */
void more_make_tiff(sink *s, const more_kind *k);

/* AVIF. first: quarter turns, against the clock. */
void more_make_avif(sink *s, const more_kind *k);

void more_make_heic(sink *s, const more_kind *k);

#endif
