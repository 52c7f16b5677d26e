#ifndef LOCKSTEP_DATA_DATASET_CHECK_H
#define LOCKSTEP_DATA_DATASET_CHECK_H

#include <stdbool.h>

#include "base/problems.h"
#include "data/dataset.h"

/*
 * Each picture of a data set (dataset_open_unread) against its hash; with `decode` each is decoded too. Those that are
 * wrong are named, all others are still checked. What is found goes to `found`.
 */
void dataset_check_pictures(dataset *d, bool decode, problems *found);

#endif
