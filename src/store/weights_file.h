#ifndef LOCKSTEP_STORE_WEIGHTS_FILE_H
#define LOCKSTEP_STORE_WEIGHTS_FILE_H

#include <stddef.h>

#include "io/h5.h"
#include "store/checkpoint.h"
#include "tensor/table.h"

/*
 * A file of a network's weights, tensor by tensor and as stored: a checkpoint (its seal and checksums verified), or a
 * Keras weights file in either layout, whose network and number of classes follow from what it holds.
 */
typedef struct weights_file {
    h5_file *file;      /* owned */
    tensor_table table; /* owned: the network that the file holds */
    char **paths;       /* owned; [table.count] */
    int is_checkpoint;
    checkpoint_info info; /* owned; of a checkpoint, else zeros */
} weights_file;

/* Open; on success the caller calls weights_file_close. LS_ENOTFOUND, LS_EFORMAT, LS_EIO, LS_ENOMEM. */
int weights_file_open(weights_file *out, const char *path);
void weights_file_close(weights_file *w);

/* Values of tensor `index` as float64, [size] of the table: exact for both types. *type is that of the file. */
int weights_file_read(const weights_file *w, size_t index, double *out, h5_type *type);

/* Place of the tensor of this layer and role, table->count when there is none. */
size_t weights_file_find(const weights_file *w, const tensor_info *wanted);

#endif
