#ifndef LOCKSTEP_DATA_PACK_STORE_H
#define LOCKSTEP_DATA_PACK_STORE_H

#include <stdbool.h>

#include "data/dataset.h"
#include "data/image.h"
#include "data/resize.h"

/* In which form pictures go into a data set, and what is measured of them on the way. */

enum { PACK_QUALITY = 90 }; /* of JPEG, where nothing else is said */

/* Zeros: the bytes of their files as they are. */
typedef struct pack_storing {
    size_t short_side;     /* pictures whose short side is longer become JPEG files with one of this; 0: none do */
    int quality;           /* of these, 1 to 100; 0: PACK_QUALITY */
    dataset_pixels pixels; /* or, where height is not 0: all become pixels of this size, RGB */
    resize_fit fit;        /* which part of them */
} pack_storing;

/* Memory of one thread. Starts as zeros. */
typedef struct pack_store_space {
    image turned; /* memory for orientation_turn */
    real *values; /* owned; [capacity] */
    size_t capacity;
    resize_space resizing;
} pack_store_space;

/*
 * Bytes to be stored in place of those in `file`, which `decoded` is the picture of; *size is their number, before and
 * after. *anew: they are others, of a picture that is upright, resized as data/resize.h does, values rounded. Returns
 * 0, LS_ENOMEM or LS_ERROR.
 */
int pack_store(dataset_buffer *file, size_t *size, bool *anew, image *decoded, const pack_storing *how,
               pack_store_space *space);

/* Whether all pictures are stored anew, whatever they are. */
bool pack_stores_pixels(const pack_storing *how);

/* Means of a picture's red, green and blue, and of their squares, go to the item. */
void pack_measure(dataset_item *item, const image *picture);

void pack_store_space_release(pack_store_space *space);

#endif
