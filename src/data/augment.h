#ifndef LOCKSTEP_DATA_AUGMENT_H
#define LOCKSTEP_DATA_AUGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/resize.h"

/*
 * Random resized crop and horizontal flip. What is drawn depends on (seed, epoch, position in the epoch) and the
 * picture's size alone, so never on ranks, threads or where a run was resumed.
 */
enum { AUGMENT_TRIES = 10 };
#define AUGMENT_MIN_SCALE 0.08 /* default of min_scale */

/*
 * Draw the part of a width x height picture to use: min_scale (in (0, 1]) to all of its area, aspect ratio 3/4 to 4/3,
 * whole pixels; a centred part where ten draws do not fit. *mirror: exchange left and right.
 */
resize_box augment_draw(bool *mirror, size_t width, size_t height, double min_scale, uint64_t seed, uint64_t epoch,
                        uint64_t position);

#endif
