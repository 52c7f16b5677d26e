#ifndef LOCKSTEP_DATA_RESIZE_H
#define LOCKSTEP_DATA_RESIZE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/real.h"
#include "data/image.h"

/*
 * From a picture of any size to the network's input: bilinear with half-pixel centres, where nothing else is said;
 * where it shrinks, the triangle grows with the factor so that every source pixel counts (antialiased). Along x first,
 * then along y.
 */

/* How a whole picture of another shape is fitted. */
typedef enum resize_fit {
    RESIZE_STRETCH, /* all of it, stretched */
    RESIZE_CROP,    /* the largest centred part of the right shape */
} resize_fit;

/* Where pixel values 0..255 go. */
typedef enum resize_scale {
    RESIZE_UNIT,     /* 0..1 */
    RESIZE_SIGNED,   /* -1..1 */
    RESIZE_STANDARD, /* 0..1 here; whoever makes the input takes off a mean and divides (data/augment_sample.h) */
} resize_scale;

/* What a pixel is made of. */
typedef enum resize_kernel {
    RESIZE_LINEAR,
    RESIZE_NEAREST, /* of the source pixel in which its centre lies */
    RESIZE_CUBIC,   /* by Keys' polynomials with a = -1/2, antialiased as RESIZE_LINEAR */
} resize_kernel;

/* A part of the source in pixels, measured from its top left corner. */
typedef struct resize_box {
    double x, y, width, height;
} resize_box;

/* The part of a width x height picture that fills an out_width x out_height one. */
resize_box resize_fit_box(resize_fit fit, size_t width, size_t height, size_t out_width, size_t out_height);

/* What is taken of a source, and how. */
typedef struct resize_cut {
    resize_box box;
    bool mirror; /* exchange left and right */
    bool alone;  /* as if the box were cut out first: no pixel outside of it counts */
    resize_kernel kernel;
} resize_cut;

/* Working memory of one thread, grown as needed. Starts as zeros. */
typedef struct resize_space {
    void *block; /* the taps' (first, count) and weights, in both directions, and lines resized along x; owned */
    size_t bytes;
} resize_space;

/*
 * out: [height][width][3], from the part `box` of `in` (which must lie inside it, larger than 0). A filter at the edge
 * of the box may look at pixels just outside the box, never outside the picture. `mirror` exchanges left and right.
 * Depends on its input only. Returns 0 or LS_ENOMEM.
 */
int resize_picture(real *out, size_t width, size_t height, const image *in, resize_box box, bool mirror,
                   resize_scale scale, resize_space *space);

/* The same with all that can be chosen. Values stay within the scale's range. */
int resize_cut_out(real *out, size_t width, size_t height, const image *in, const resize_cut *cut, resize_scale scale,
                   resize_space *space);

void resize_space_release(resize_space *space);

#endif
