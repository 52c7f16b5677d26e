#ifndef LOCKSTEP_DATA_MIX_H
#define LOCKSTEP_DATA_MIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/real.h"

/*
 * Mixup (Zhang et al. 2018, arXiv 1710.09412) and CutMix (Yun et al. 2019, arXiv 1905.04899), as in torchvision's
 * reference training: all pictures of a global batch are mixed with the one before them, the first with the last, by
 * one draw. That depends on (seed, epoch, step) alone.
 */

/* Keys of section `augment`. */
typedef struct mix_options {
    double mixup;  /* α of the Beta(α, α) that shares are drawn from; 0: never */
    double cutmix; /* the same; where both are given, each has half of the batches */
} mix_options;

enum { MIX_MOST_ALPHA = 4 }; /* draws take too many tries above */

/* One batch's. */
typedef struct mix {
    double share;                    /* of the picture itself in its target; 1: nothing is mixed */
    bool cut;                        /* pixels of a box are the other's; else all pixels are a weighted sum */
    size_t left, top, right, bottom; /* the box, in pixels of the input; right and bottom are outside */
} mix;

mix mix_draw(const mix_options *o, size_t width, size_t height, uint64_t seed, uint64_t epoch, uint64_t step);

/* Mix a picture [height][width][3] with the one before it. */
void mix_picture(const mix *m, real *picture, const real *before, size_t width, size_t height);

#endif
