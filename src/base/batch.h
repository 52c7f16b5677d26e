#ifndef LOCKSTEP_BASE_BATCH_H
#define LOCKSTEP_BASE_BATCH_H

#include <stdint.h>

#include "base/real.h"
#include "base/shards.h"

/* This rank's part of one global batch. */
typedef struct batch {
    real *images;    /* [range.samples][height][width][3], normalized */
    real *features;  /* what a frozen network makes of them, [range.samples][features], instead of them; else NULL */
    int32_t *labels; /* [range.samples]; NULL where no loss is asked for */
    int32_t *others; /* where pictures are mixed: the label of the other one, [range.samples] */
    float *shares;   /* and the share of the first, 0 to 1; else both NULL */
    shard_range range;
} batch;

#endif
