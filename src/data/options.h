#ifndef LOCKSTEP_DATA_OPTIONS_H
#define LOCKSTEP_DATA_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "data/augment_options.h"
#include "data/image.h"
#include "data/orientation.h"
#include "data/resize.h"
#include "data/resolution.h"

/* Whether JPEG files are decoded in full where the network's input is much smaller. */
typedef enum data_decode {
    DECODE_FULL,
    DECODE_REDUCED, /* at 1/2, 1/4 or 1/8 of their size where that is still DECODE_MARGIN times the input's */
} data_decode;
enum { DECODE_MARGIN = 2 };

/* Section `data` of a configuration: the data set, and how its pictures become the network's input. */
typedef struct data_options {
    const char *file;     /* packed data set; not owned */
    const char *stage;    /* folder of each node for a copy of it, which may name variables; NULL or "": none */
    size_t height, width; /* of the network's input, pixels */
    resolution_options resolution; /* section `resolution`; in training only */
    resize_fit fit;                /* how an image of another shape gets there */
    resize_scale scale;            /* pixels to 0..1, to -1..1, or by the next two */
    double mean[3], deviation[3];  /* RESIZE_STANDARD: of red, green and blue, in 0..1 */
    orientation_use orientation;   /* whether pictures are turned as their tags say */
    image_background background;   /* what shows through where they are transparent */
    data_decode decode;
    bool augment;             /* random resized crop and flip instead of `fit`; in training only */
    double augment_min_scale; /* smallest part of the area that a random crop covers, (0, 1]; 0: AUGMENT_MIN_SCALE */
    augment_options augmentation; /* section `augment`; in training only */
    int loader_threads;           /* of a rank; 0: as the machine suggests */
} data_options;

/* The same for pictures that are not trained on: whole, as they are, of one size. */
static inline data_options data_options_plain(data_options o)
{
    o.augment = false;
    o.augmentation = (augment_options){0};
    o.resolution = (resolution_options){0};
    return o;
}

#endif
