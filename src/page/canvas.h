#ifndef LOCKSTEP_PAGE_CANVAS_H
#define LOCKSTEP_PAGE_CANVAS_H

#include <stddef.h>
#include <stdint.h>

/* A picture to be drawn into: 8-bit RGB. What lies outside of it is not drawn. */
typedef struct canvas {
    uint8_t *pixels; /* [height][width][3], owned */
    size_t width, height;
} canvas;

typedef uint32_t canvas_colour; /* 0xRRGGBB */

/* All of one colour. Returns 0, LS_ENOMEM, or LS_EUSAGE where there are no pixels in it. *out: canvas_release. */
int canvas_create(canvas *out, size_t width, size_t height, canvas_colour colour);
void canvas_release(canvas *c);

/* A rectangle with its upper left corner at (x, y). */
void canvas_fill(canvas *c, size_t x, size_t y, size_t width, size_t height, canvas_colour colour);

/* Another picture's pixels there, each as a square of `scale` by `scale`. */
void canvas_copy(canvas *c, size_t x, size_t y, const uint8_t *pixels, size_t width, size_t height, size_t scale);

/* A square's border and its diagonals, a pixel wide. */
void canvas_cross(canvas *c, size_t x, size_t y, size_t side, canvas_colour colour);

#endif
