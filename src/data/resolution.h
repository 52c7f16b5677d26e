#ifndef LOCKSTEP_DATA_RESOLUTION_H
#define LOCKSTEP_DATA_RESOLUTION_H

#include <stddef.h>
#include <stdint.h>

/*
 * Section `resolution` of a configuration: how large the pictures of training are, by epoch. Sizes are rows; columns
 * are in the proportion of the network's input, which pictures are validated and predicted at. Zeros: all as the input.
 */
typedef struct resolution_options {
    size_t first; /* of the first epochs; 0: as last */
    size_t last;  /* of the last; 0: as the input */
    uint64_t from,
        until;       /* epochs, counted from 0: it is first up to from, and last in until and later; even between */
    size_t multiple; /* between them rows are a multiple of this; 0 is 1 */
} resolution_options;

/* Pixels that a side of a picture may have. */
enum { RESOLUTION_LEAST = 32, RESOLUTION_MOST = 2048 };

typedef struct resolution {
    size_t height, width; /* pixels */
} resolution;

/* Of the pictures of an epoch, which are counted from 0; input: of the network, as configured. */
resolution resolution_of_epoch(const resolution_options *o, resolution input, uint64_t epoch);

/* The smallest and the largest that pictures of training have in any epoch. */
resolution resolution_smallest(const resolution_options *o, resolution input);
resolution resolution_largest(const resolution_options *o, resolution input);

/* The larger of that and the input, for which memory is needed where pictures are also validated. */
resolution resolution_room(const resolution_options *o, resolution input);

#endif
