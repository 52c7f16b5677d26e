#ifndef LOCKSTEP_IO_H5_CLIENT_H
#define LOCKSTEP_IO_H5_CLIENT_H

#include "io/h5_private.h"
#include "io/h5_remote.h"

/* What functions of h5.h ask of a file that another process reads (f->remote is not NULL), with their errors. */
int h5_ask_number(const h5_file *f, h5_ask ask, const char *name, const char *attribute); /* 1: the answer is 1 */
int h5_ask_texts(const h5_file *f, h5_ask ask, const char *name, const char *attribute, char ***out, size_t *count);
int h5_ask_stat(const h5_file *f, const char *name, h5_shape *out);
int h5_ask_array(const h5_file *f, const h5_request *q, void *out); /* H5_ASK_READ, H5_ASK_SLICE */

#endif
