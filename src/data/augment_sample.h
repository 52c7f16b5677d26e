#ifndef LOCKSTEP_DATA_AUGMENT_SAMPLE_H
#define LOCKSTEP_DATA_AUGMENT_SAMPLE_H

#include "base/real.h"
#include "data/chance.h"
#include "data/image.h"
#include "data/options.h"

/*
 * A picture on its way to the network's input, as section `augment` says: part and flip, then what works on 8 bits
 * (policy, then colours), then what is erased. What is drawn depends on the place alone.
 */

/* Working memory of one thread, two pictures of the network's size where needed. Starts as zeros. */
typedef struct augment_space {
    image picture, spare;
} augment_space;

/*
 * What augment_sample has use for, for image_decode_reduced, by data.decode; turn: the picture will be turned as its
 * tag says. The wish points to w and w to the options.
 */
typedef struct augment_wish {
    const data_options *options;
    chance_place at;
    bool turn;
} augment_wish;
image_wish augment_wish_of(const augment_wish *w);

/* out: [height][width][3], from `in`, which may be a reduction. Returns 0 or LS_ENOMEM. */
int augment_sample(real *out, const image *in, const data_options *options, chance_place at, resize_space *resizing,
                   augment_space *space);

void augment_space_release(augment_space *space);

#endif
