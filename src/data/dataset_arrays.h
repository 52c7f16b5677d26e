#ifndef LOCKSTEP_DATA_DATASET_ARRAYS_H
#define LOCKSTEP_DATA_DATASET_ARRAYS_H

#include <stdbool.h>

#include "io/h5.h"

/*
 * An HDF5 file of somebody else as a data set, read as it is: arrays of pictures and of labels that are called as
 * array_names.h says, `images` and `labels` for one.
 *   pictures  uint8 [n][height][width], or with a dimension of 1 or 3 channels, last or second
 *   labels    whole numbers [n] or [n][1], from 0
 *   classes   strings: names of the labels 0, 1, 2 (or class_names, label_names, list_classes); else the numbers are
 *   split     of `images` and the like whole numbers [n]: 0 training, 1 validation, 2 test
 * They may lie in chunks and be packed by deflate. Pictures of all pairs of arrays have one size. Nothing in such a
 * file says whether it is damaged; its fingerprint is of labels, splits, shape and 64 pictures of each array.
 */

/* Whether a file has such arrays, by their names. */
bool dataset_arrays_are_in(h5_file *f);

#endif
