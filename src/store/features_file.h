#ifndef LOCKSTEP_STORE_FEATURES_FILE_H
#define LOCKSTEP_STORE_FEATURES_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/real.h"

/*
 * Features of a data set's pictures in a file of their own: /features [rows][width], with the hash of what they were
 * computed by (`key`: weights, input options, data set) and of their own bytes. Not collective.
 */

/* "<data set>.features-<16 hex digits of the key>.h5". Returns 0, or LS_EUSAGE where the path gets too long. */
int features_file_name(char *out, size_t size, const char *data, uint64_t key);

/*
 * Read them into out [rows][width]. LS_ENOTFOUND where there is no such file; LS_EFORMAT where it is of another key or
 * shape, or damaged: then it is to be computed and written again.
 */
int features_file_read(real *out, size_t rows, size_t width, const char *path, uint64_t key);

/* Written under a temporary name, synced and renamed. LS_EIO, LS_ENOMEM. */
int features_file_write(const real *features, size_t rows, size_t width, const char *path, uint64_t key);

#endif
