#ifndef LOCKSTEP_STORE_FILE_KIND_H
#define LOCKSTEP_STORE_FILE_KIND_H

#include <stddef.h>

/* What kind of file something is. */
typedef enum file_kind {
    FILE_CHECKPOINT, /* or what is left of one: reading it says what is wrong with it */
    FILE_LOG,        /* of a run */
    FILE_DATASET,
    FILE_KERAS, /* a weights file of Keras' */
    FILE_OTHER, /* an HDF5 file that is none of these */
} file_kind;

/*
 * By seal and name, so that a damaged file is known for what it was; else by what only one kind holds. Returns 0,
 * LS_ENOTFOUND, LS_EIO, or LS_EFORMAT for an empty file, one that is cut short, and what is no HDF5 file.
 */
int file_kind_of(file_kind *out, const char *path);

/* output_check, output_check_text or temporary_prepare: whether an output called `what` may take the place. */
typedef int file_kind_check(const char *path, const char *what);

/*
 * Whether an output called `what` may take this place: LS_EUSAGE where one of the n inputs stands there, or a data set,
 * checkpoint, log or Keras' weights, told by their content, which took long to make; else what `check` says.
 */
int file_kind_check_output(const char *path, const char *what, file_kind_check *check, const char *const *inputs,
                           size_t n);

#endif
