#ifndef LOCKSTEP_STORE_CHECKPOINT_CHECK_H
#define LOCKSTEP_STORE_CHECKPOINT_CHECK_H

#include "base/problems.h"
#include "io/h5.h"
#include "store/checkpoint.h"

/*
 * Everything that can be checked of one checkpoint: the seal; then, as only a file with a good one is opened, what
 * /lockstep holds, each tensor's shape, checksum and values (finite, variances not negative) in both Keras layouts,
 * that the tensors are those of the network that it names, and the step against the file's name. What is found goes to
 * `found`. Returns 0 and the information (checkpoint_info_release) unless that cannot be read; then LS_EFORMAT and the
 * like, and the reason is among the problems. With it goes the table of the tensors (tensor_table_release), empty where
 * they are of no network. Of the configuration the text alone is returned: who knows its keys checks it.
 */
int checkpoint_check(checkpoint_info *out, tensor_table *t, const char *path, problems *found);

/* Sums of the epoch that is under way are numbers and not negative; figures of validation may be missing (NaN). */
void checkpoint_check_figures(const checkpoint_info *info, problems *found);

/* The values of one tensor, which lies there: readable, finite, and not negative where they are variances. */
void checkpoint_check_tensor(h5_file *f, const char *path, const tensor_info *info, problems *found);

#endif
