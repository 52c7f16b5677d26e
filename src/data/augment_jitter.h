#ifndef LOCKSTEP_DATA_AUGMENT_JITTER_H
#define LOCKSTEP_DATA_AUGMENT_JITTER_H

#include <stdbool.h>

#include "data/augment_options.h"
#include "data/chance.h"
#include "data/image.h"

/* Colours changed by drawn factors in a drawn order, as torchvision's ColorJitter. */
typedef enum augment_jitter_part {
    JITTER_BRIGHTNESS,
    JITTER_CONTRAST,
    JITTER_SATURATION,
    JITTER_HUE,
    JITTER_PARTS,
} augment_jitter_part;

typedef struct augment_jitter {
    augment_jitter_part order[JITTER_PARTS];
    double amounts[JITTER_PARTS]; /* by part: a factor, of the hue turns of the circle */
} augment_jitter;

/* Whether any colour is to be changed. */
bool augment_jitter_wanted(const augment_options *options);

augment_jitter augment_jitter_draw(const augment_options *options, chance_place at);

/* Parts that options leave at 0 are passed over. */
void augment_jitter_apply(image *picture, const augment_options *options, chance_place at);

#endif
