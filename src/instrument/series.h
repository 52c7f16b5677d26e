#ifndef LOCKSTEP_INSTRUMENT_SERIES_H
#define LOCKSTEP_INSTRUMENT_SERIES_H

#include <stddef.h>
#include <stdint.h>

#include "instrument/filters.h"

/* The measurements of a run, in order of steps. */
typedef struct series {
    size_t layers, count;
    char **names;      /* owned, one block; [layers]: "conv2d_3" */
    uint64_t *filters; /* owned, as what follows; [layers] */
    uint64_t *sizes;   /* [layers]: weights of a filter */
    uint64_t *steps;   /* [count]: steps behind it */
    double *rates;     /* [count]: of its update */
    double *shares;    /* [count]: as in rate_now */
    filters_row *rows; /* [count][layers] */
} series;

void series_release(series *s);

#endif
