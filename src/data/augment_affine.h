#ifndef LOCKSTEP_DATA_AUGMENT_AFFINE_H
#define LOCKSTEP_DATA_AUGMENT_AFFINE_H

#include "data/image.h"

/*
 * Pictures sheared, shifted and turned, in torchvision's conventions. A pixel is the source's nearest one, by half-even
 * rounding where two are equally near, and black where that lies outside. `out` has room for a picture of in's size,
 * and becomes one.
 */

/* Lines go left by `slope` pixels for each pixel from the top, columns up for each from the left; centres count. */
void augment_shear_x(image *out, const image *in, double slope);
void augment_shear_y(image *out, const image *in, double slope);

/* Pixels to the right, and down. */
void augment_translate(image *out, const image *in, int right, int down);

/* Degrees counter-clockwise, around the middle. */
void augment_rotate(image *out, const image *in, double degrees);

#endif
