#ifndef LOCKSTEP_EXCHANGE_RANGES_H
#define LOCKSTEP_EXCHANGE_RANGES_H

#include <stddef.h>

/* What the output of a node of a network's graph holds, over pictures that are like those it is for. */
typedef struct exchange_range {
    double least, most; /* what 8 bits are to tell apart; equal where nothing is known */
    double *means;      /* [channels] of each channel, over pixels and pictures; NULL: not known */
} exchange_range;

/* Made by exchange/calibrate.h. */
typedef struct exchange_ranges {
    exchange_range *nodes; /* owned, as their means are; [count], as in the graph */
    size_t count;
} exchange_ranges;

void exchange_ranges_release(exchange_ranges *r);

#endif
