#ifndef LOCKSTEP_DATA_SAMPLE_H
#define LOCKSTEP_DATA_SAMPLE_H

#include <stdint.h>

#include "base/real.h"
#include "data/augment_sample.h"
#include "data/dataset.h"
#include "data/image.h"
#include "data/loader.h"
#include "data/resize.h"

/* From a place in a split to the network's input: what a loader's thread does with one sample. */

/* Working memory of one thread. Starts as zeros. */
typedef struct sample_space {
    dataset_buffer encoded;
    image decoded;
    image turned; /* memory for orientation_turn */
    resize_space resizing;
    augment_space augmenting;
    double spent[LOADER_PARTS]; /* seconds so far; sample_load adds to them */
} sample_space;

/*
 * Read, decode, turn, cut, resize and augment sample `index` of the data set, which stands at `position` of `epoch` and
 * begins a run of `run` samples that lie one after the other in the file and are this rank's too, into out
 * [height][width][3]. Returns 0 or a negative code whose message names the picture.
 */
int sample_load(real *out, const loader_options *options, uint32_t index, size_t run, uint64_t epoch, uint64_t position,
                sample_space *space);

/* The same of `size` bytes that are there. */
int sample_make(real *out, const loader_options *options, uint32_t index, const uint8_t *bytes, size_t size,
                uint64_t epoch, uint64_t position, sample_space *space);

void sample_space_release(sample_space *space);

#endif
