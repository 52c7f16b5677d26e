#ifndef LOCKSTEP_DATA_AUGMENT_CROP_H
#define LOCKSTEP_DATA_AUGMENT_CROP_H

#include <stddef.h>

#include "data/augment_options.h"
#include "data/chance.h"
#include "data/resize.h"

/* Rectangles, drawn as torchvision's RandomResizedCrop and RandomErasing do: by area and ratio, whole pixels. */
enum { AUGMENT_DRAWS = 10 }; /* until one fits */

/* Draw a part of a width x height picture that lies inside it; a centred one where no draw fits. */
resize_box augment_crop_draw(size_t width, size_t height, const augment_rectangle *part, chance_place at);

/*
 * Draw a rectangle smaller than the picture in both directions; one without pixels where the probability says so or no
 * draw fits.
 */
resize_box augment_erase_draw(size_t width, size_t height, const augment_rectangle *erased, double probability,
                              chance_place at);

/* Whether left and right are exchanged. */
bool augment_flip_draw(double probability, chance_place at);

#endif
