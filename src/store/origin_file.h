#ifndef LOCKSTEP_STORE_ORIGIN_FILE_H
#define LOCKSTEP_STORE_ORIGIN_FILE_H

#include "io/h5.h"
#include "tensor/origin.h"

/*
 * An origin in a file, a row for each span: <group>/step, <group>/kernels, <group>/numbers. Returns 0 or a negative
 * code.
 */
int origin_file_write(h5_file *f, const char *group, const origin *o);
/* LS_EFORMAT where it is damaged; *out is empty where the file has none. */
int origin_file_read(h5_file *f, const char *group, origin *out);

#endif
