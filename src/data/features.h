#ifndef LOCKSTEP_DATA_FEATURES_H
#define LOCKSTEP_DATA_FEATURES_H

#include <stddef.h>

#include "base/real.h"

/*
 * What a frozen part of a network makes of the pictures of a split, computed once: training takes it instead of
 * pictures. An augmented picture has several variants, which epochs take in turn.
 */
typedef struct feature_table {
    const real *values; /* [variants][samples of the split][width]; not owned */
    size_t width, variants;
} feature_table;

#endif
