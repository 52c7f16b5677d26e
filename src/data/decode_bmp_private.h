#ifndef LOCKSTEP_DATA_DECODE_BMP_PRIVATE_H
#define LOCKSTEP_DATA_DECODE_BMP_PRIVATE_H

#include <stdbool.h>

#include "data/image.h"

/* Windows and OS/2 bitmaps: what decode_bmp.c reads from the headers, and decode_bmp_runs.c needs of it. */

enum { BMP_COLOURS = 256 };

typedef struct bmp {
    const uint8_t *bytes;
    size_t size;
    size_t pixels; /* where they begin, from the file's start */
    size_t width, height;
    bool upright; /* the first line is the picture's first, not its last */
    unsigned bits, compression;
    uint32_t masks[4]; /* of red, green, blue and alpha, in pixels of 16 and 32 bits; 0: none */
    uint8_t palette[BMP_COLOURS][4];
    size_t colours; /* in the palette */
    bool beyond;    /* a pixel has a colour that the palette lacks */
} bmp;

/* The picture's line that the file's line y is, within out. */
uint8_t *bmp_line(const bmp *b, const image *out, size_t y);

/* A pixel of a palette's colour. */
void bmp_put(bmp *b, uint8_t *rgb, unsigned index);

/* Packed as runs of 4 or 8 bits a pixel. Room for the picture is there. Returns 0 or LS_EFORMAT. */
int bmp_draw_runs(bmp *b, image *out);

#endif
