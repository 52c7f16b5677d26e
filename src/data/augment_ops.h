#ifndef LOCKSTEP_DATA_AUGMENT_OPS_H
#define LOCKSTEP_DATA_AUGMENT_OPS_H

#include "data/image.h"

/*
 * Operations on a picture's 8-bit values, each as torchvision's of the same name on a tensor of uint8, with the same
 * roundings in float32. All but augment_sharpness work in place. docs/data.md has the formulas.
 */

/* Factors: 0 is black, gray, colourless or smooth, 1 changes nothing. Not negative. */
void augment_brightness(image *picture, double factor);
void augment_contrast(image *picture, double factor);
void augment_saturation(image *picture, double factor);

/* `out` has room for a picture of in's size, and becomes one. */
void augment_sharpness(image *out, const image *in, double factor);

/* turns: -1/2 to 1/2 of the circle of colours. */
void augment_hue(image *picture, double turns);

/* Keep the upper bits, 0 to 8. */
void augment_posterize(image *picture, int bits);

/* Invert values from the threshold on. */
void augment_solarize(image *picture, double threshold);

/* Each channel's range becomes 0..255. */
void augment_autocontrast(image *picture);

/* Each channel's values become about equally frequent. */
void augment_equalize(image *picture);

void augment_invert(image *picture);

#endif
