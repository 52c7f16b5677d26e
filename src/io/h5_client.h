#ifndef LOCKSTEP_IO_H5_CLIENT_H
#define LOCKSTEP_IO_H5_CLIENT_H

#include "io/h5_private.h"
#include "io/h5_remote.h"

/* The functions of h5.h for a file that another process reads: same names, arguments and errors. */
int h5_client_exists(const h5_file *f, const char *name);
int h5_client_list(const h5_file *f, const char *group, char ***out, size_t *count);
int h5_client_stat(const h5_file *f, const char *name, h5_shape *out);
int h5_client_read(const h5_file *f, const char *name, h5_type type, size_t size, void *out);
int h5_client_read_slice(const h5_file *f, const char *name, h5_type type, size_t start, size_t count, void *out);
int h5_client_find_place(const h5_file *f, const char *name, h5_type type, h5_place *out);
int h5_client_read_strings(const h5_file *f, const char *name, char ***out, size_t *count);
int h5_client_attr_exists(const h5_file *f, const char *name, const char *attribute);
int h5_client_read_number(const h5_file *f, const char *name, const char *attribute, h5_type type, void *out);
int h5_client_read_attr_strings(const h5_file *f, const char *name, const char *attribute, char ***out, size_t *count);

#endif
