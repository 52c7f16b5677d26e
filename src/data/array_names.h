#ifndef LOCKSTEP_DATA_ARRAY_NAMES_H
#define LOCKSTEP_DATA_ARRAY_NAMES_H

#include "data/dataset.h"

/* What arrays of pictures, and of their labels, are called in files of NumPy and HDF5. */
typedef struct array_pair {
    const char *pictures, *labels;
    dataset_split split;
} array_pair;

enum { ARRAY_PAIRS = 11 };

/* [ARRAY_PAIRS]: the names of Keras' data sets, of MedMNIST and of exercises, and plain ones. */
extern const array_pair array_pairs[];

#endif
