#ifndef LOCKSTEP_DATA_AUGMENT_OPTIONS_H
#define LOCKSTEP_DATA_AUGMENT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "data/mix.h"
#include "data/resize.h"

/*
 * A drawn rectangle: its share of a picture's area, and its ratio, whose logarithm is uniform; width over height of a
 * crop, height over width of what is erased, as in torchvision.
 */
typedef struct augment_rectangle {
    double scale_min, scale_max;
    double ratio_min, ratio_max;
} augment_rectangle;

typedef enum augment_policy {
    AUGMENT_NO_POLICY,
    AUGMENT_TRIVIAL, /* TrivialAugment Wide: one operation, its magnitude drawn */
    AUGMENT_RAND,    /* RandAugment: some operations, one magnitude */
} augment_policy;

/* Bins of a magnitude, 0 to the last; as in torchvision. */
enum { AUGMENT_BINS = 31 };

/*
 * Section `augment` of a configuration: what is drawn for a picture in training, in the order in which it is done.
 * Zeros: nothing.
 */
typedef struct augment_options {
    bool crop; /* a random part of the picture instead of data_options.fit */
    augment_rectangle part;
    resize_kernel interpolation; /* of the part */
    double flip;                 /* probability of exchanging left and right */
    augment_policy policy;
    int operations, magnitude;                    /* AUGMENT_RAND: how many, and the bin */
    double brightness, contrast, saturation, hue; /* most that they change, 1 being all but of hue, the full circle */
    double erase;                                 /* probability of setting a rectangle to erase_value */
    augment_rectangle erased;
    double erase_value; /* a number of the network's input, after data_options.scale */
    int repeats;        /* consecutive positions that a picture stands at; 0 is 1 */
    mix_options mix;    /* pictures of a batch with each other, once they are the network's input */
} augment_options;

#endif
