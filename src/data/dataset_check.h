#ifndef LOCKSTEP_DATA_DATASET_CHECK_H
#define LOCKSTEP_DATA_DATASET_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/problems.h"
#include "data/dataset.h"

typedef struct dataset_facts {
    size_t counts[DATASET_SPLITS];
    size_t classes;
} dataset_facts;

/*
 * Everything that dataset_open checks, then each picture against its hash; with `decode` each is decoded too. Pictures
 * that are wrong are named, all others are still checked. What is found goes to `found`. LS_EFORMAT and the like,
 * reported among the problems too, when the data set cannot be opened.
 */
int dataset_check(dataset_facts *out, const char *path, bool decode, problems *found);

#endif
