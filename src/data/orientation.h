#ifndef LOCKSTEP_DATA_ORIENTATION_H
#define LOCKSTEP_DATA_ORIENTATION_H

#include <stddef.h>
#include <stdint.h>

#include "data/image.h"

/*
 * How a picture is to be turned, as cameras say it: a tag of an Exif block, which is a TIFF file in small. Its values
 * name where the first line and the first column of the stored picture are to be seen:
 *   1 top, left (upright)    2 top, right     3 bottom, right    4 bottom, left
 *   5 left, top              6 right, top     7 right, bottom    8 left, bottom
 */
enum { ORIENTATION_UPRIGHT = 1, ORIENTATION_ON_ITS_SIDE = 5, ORIENTATION_LAST = 8 };

/* Whether a run looks at the tags. */
typedef enum orientation_use {
    ORIENTATION_AUTO, /* as the data set says (dataset_turns) */
    ORIENTATION_APPLY,
    ORIENTATION_IGNORE,
} orientation_use;

/*
 * The tag of an Exif block, with or without "Exif\0\0" before it. Whatever is wrong with the block, or a value out of
 * range, is ORIENTATION_UPRIGHT: pictures are not refused for it.
 */
int orientation_of_exif(const uint8_t *exif, size_t size);

/*
 * Turn the pixels of i as i->orientation says, and make that ORIENTATION_UPRIGHT; 5 to 8 exchange width and height.
 * `space` is memory for it, zeros or an earlier picture, whose contents are lost. Returns 0 or LS_ENOMEM, with i as it
 * was.
 */
int orientation_turn(image *i, image *space);

#endif
