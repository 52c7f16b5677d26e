#ifndef LOCKSTEP_DATA_AUGMENT_POLICY_H
#define LOCKSTEP_DATA_AUGMENT_POLICY_H

#include <stdbool.h>

#include "data/augment_options.h"
#include "data/chance.h"
#include "data/image.h"

/* TrivialAugment Wide and RandAugment: operations drawn from a list, each with a magnitude out of AUGMENT_BINS. */
typedef enum augment_kind {
    AUGMENT_IDENTITY,
    AUGMENT_SHEAR_X,
    AUGMENT_SHEAR_Y,
    AUGMENT_TRANSLATE_X,
    AUGMENT_TRANSLATE_Y,
    AUGMENT_ROTATE,
    AUGMENT_BRIGHTNESS,
    AUGMENT_COLOUR,
    AUGMENT_CONTRAST,
    AUGMENT_SHARPNESS,
    AUGMENT_POSTERIZE,
    AUGMENT_SOLARIZE,
    AUGMENT_AUTOCONTRAST,
    AUGMENT_EQUALIZE,
    AUGMENT_INVERT, /* of neither policy's list, as in torchvision */
} augment_kind;
enum { AUGMENT_LISTED = AUGMENT_INVERT };

/* Its magnitude is a slope, pixels, degrees, a factor less 1, bits, or a share of 255. */
typedef struct augment_operation {
    augment_kind kind;
    double magnitude;
} augment_operation;

/* The magnitude of a bin, without a sign, for a picture of this size. */
double augment_magnitude(augment_policy policy, augment_kind kind, int bin, size_t width, size_t height);

/* Draw the next operation of a policy. */
augment_operation augment_policy_draw(const augment_options *options, size_t width, size_t height, chance *c);

/* Work on a picture; `spare` has room for another one, and the two may change places. */
void augment_apply(image *picture, image *spare, augment_operation operation);

/* All that a policy does at a place. */
void augment_policy_apply(image *picture, image *spare, const augment_options *options, chance_place at);

#endif
