#ifndef LOCKSTEP_IO_H5_H
#define LOCKSTEP_IO_H5_H

#include <stddef.h>
#include <stdint.h>

#include "base/real.h"

/*
 * The only door to HDF5: opaque handles, whole arrays, slices, attributes, tables that grow, atomic replacement.
 * A handle is a file or a group in one. Every name is a path below its handle. Errors name file and path.
 * HDF5's own error stack is silent. File locking is off, so it works on file systems without locks.
 * A file is input: it is read by another process (h5_remote.h), which may die of it; then the error says so. Soft and
 * external links are not followed. Data sets whose data lies in other files are refused, and so are filters (compressed
 * data) and sizes that the file does not hold.
 * Every function takes one process-wide lock, so any thread may call it; a handle may be closed only once nobody else
 * uses it.
 */
typedef struct h5_file h5_file;

typedef enum h5_type {
    H5_FLOAT32,
    H5_FLOAT64,
    H5_INT32,
    H5_INT64,
    H5_UINT8,
    H5_UINT64,
    H5_STRING,                                                        /* only as a result of h5_stat */
    H5_OTHER,                                                         /* only as a result of h5_stat */
    H5_REAL = sizeof(real) == sizeof(float) ? H5_FLOAT32 : H5_FLOAT64 /* what a real is */
} h5_type;

enum { H5_MAX_RANK = 8 };

typedef struct h5_shape {
    h5_type type;
    int rank;
    size_t dims[H5_MAX_RANK];
    size_t size; /* elements: the product of dims, checked */
} h5_shape;

/*
 * Open. All return 0 or LS_EIO, LS_ENOTFOUND, LS_EFORMAT (also for what is no regular file, such as a pipe, which is
 * not waited for); *out owned by the caller.
 */
int h5_open_read(h5_file **out, const char *path);
/* As h5_open_read, of a file whose data may be compressed: by deflate, to 64 times the file's size and no more. */
int h5_open_packed(h5_file **out, const char *path);
/* Open a file of h5_open_read anew, so that its data may be compressed as there. Nothing of it may be held. */
int h5_read_packed(h5_file **f);
/*
 * As h5_open_read, of what a descriptor is open on, which may have no name any more; errors call it `name`. The
 * descriptor stays the caller's, and may be closed afterwards.
 */
int h5_open_descriptor(h5_file **out, int descriptor, const char *name);
/* A new file in place of one that stands there, which is removed; where a link or a folder stands, LS_EIO. */
int h5_create(h5_file **out, const char *path);
/* As h5_create where nothing stands, not even a link (LS_EIO). For temporary files: see io/temporary.h. */
int h5_create_first(h5_file **out, const char *path);
/* As h5_create, in the newest format: h5_start_swmr needs it, older readers may not know it. */
int h5_create_newest(h5_file **out, const char *path);
/*
 * From here on other processes may open the file for reading and see what h5_flush has flushed (single writer, multiple
 * readers). Only for files of h5_create_newest; no data set, group or attribute can be made afterwards. */
int h5_start_swmr(h5_file *f);
/* Flush to the system. */
int h5_flush(h5_file *f);
/* Close; NULL is fine. Returns LS_EIO when the last bytes could not be written. */
int h5_close(h5_file *f);
const char *h5_path(const h5_file *f);
/* Bytes that the file has: nothing in it can be larger. 0 when that is not known. */
uint64_t h5_size(const h5_file *f);
/* 1 when the file, opened for reading, is marked as being written, or was so left by a writer that was killed. */
int h5_is_followed(const h5_file *f);

/*
 * Start the process that readers come from, where there is none yet; opening a file does so as well. Best called before
 * MPI and threads are started. LS_ERROR.
 */
int h5_start_reading(void);
/* Give a file up when its reader neither answers nor reads for so many seconds; 0, the default: never. */
void h5_set_patience(unsigned seconds);
/* For fuzzers: whether files that are opened from now on are read in this process. */
void h5_read_here(int yes);
/* 0, or LS_EFORMAT when the file's reader has died, so that what seems not to be there may be. */
int h5_check_reader(const h5_file *f);

/*
 * Atomic replacement: write to h5_temporary_name(path), close it, then h5_commit: fsync the file, rename it to path,
 * fsync the directory. The name is path, the mark, and what identifies this process among others that may write the
 * same.
 */
#define H5_TEMPORARY_MARK ".tmp-"
int h5_temporary_name(char *out, size_t size, const char *path);
int h5_commit(const char *temporary, const char *path);
/* h5_commit for a file that stays open and is written on; h5_path is the new name then. */
int h5_publish(h5_file *f, const char *path);
/* fsync a file, open or not. */
int h5_sync(const char *path);

/* Structure. */
/* 1 or 0; every component of the path checked, and a hard link (others count as not there). */
int h5_exists(h5_file *f, const char *name);
int h5_make_group(h5_file *f, const char *name);                      /* parents too; fine when it exists */
int h5_hard_link(h5_file *f, const char *existing, const char *name); /* parents of name too */
/* Names of a group's members in alphabetical order. *out: one block, freed by the caller with free(). */
int h5_list(h5_file *f, const char *group, char ***out, size_t *count);

/* Arrays: a data set of the file's type converted to and from the memory type. */
int h5_stat(h5_file *f, const char *name, h5_shape *out);
/* Make and write one, parents too; the name must be new. data NULL: zeros, for h5_write_slice. */
int h5_write(h5_file *f, const char *name, h5_type type, int rank, const size_t *dims, const void *data);
/* Read all of it; fails with LS_EFORMAT unless it has exactly `size` elements and is numeric. Not for H5_STRING. */
int h5_read(h5_file *f, const char *name, h5_type type, size_t size, void *out);
/*
 * Rows [start, start + count) along an array's first dimension, of exactly `width` elements each: the product of all
 * other dimensions, 1 where there is none.
 */
int h5_read_slice(h5_file *f, const char *name, h5_type type, size_t start, size_t count, size_t width, void *out);
/*
 * An array of numbers for many reads, its elements counted along the last dimension first: looked up and checked once,
 * then read straight from the file where it lies there as it is in memory. Ended with h5_let_go, before the file is
 * closed; NULL is fine.
 */
typedef struct h5_held h5_held;
int h5_hold(h5_held **out, h5_file *f, const char *name, h5_type type);
int h5_read_held(h5_held *held, size_t start, size_t count, void *out);
void h5_let_go(h5_held *held);
/* Elements from `start` of a one-dimensional data set of at least start + count elements. */
int h5_write_slice(h5_file *f, const char *name, h5_type type, size_t start, size_t count, const void *data);
/* A one-dimensional array of strings. Read: *out is one block, freed by the caller with free(). */
int h5_write_strings(h5_file *f, const char *name, const char *const *strings, size_t count);
int h5_read_strings(h5_file *f, const char *name, char ***out, size_t *count);

/* Arrays that grow along their first dimension (chunked). `columns` 0: one-dimensional; else rows of that many. */
int h5_create_growing(h5_file *f, const char *name, h5_type type, size_t columns, size_t chunk_rows);
/* The same of any rank: dims[1] and more are those of a row; dims[0] is not looked at. */
int h5_create_rows(h5_file *f, const char *name, h5_type type, int rank, const size_t *dims, size_t chunk_rows);
int h5_append(h5_file *f, const char *name, h5_type type, size_t rows, const void *data);

/* Attributes of the object `name` ("/" for the root). */
int h5_attr_exists(h5_file *f, const char *name, const char *attribute);
int h5_write_attr_string(h5_file *f, const char *name, const char *attribute, const char *value);
int h5_write_attr_strings(h5_file *f, const char *name, const char *attribute, const char *const *v, size_t count);
/* One number: an int64_t, uint64_t or double, as type says. */
int h5_write_attr(h5_file *f, const char *name, const char *attribute, h5_type type, const void *value);
int h5_read_attr(h5_file *f, const char *name, const char *attribute, h5_type type, void *out);
/* *out freed by the caller; fixed or variable length strings. */
int h5_read_attr_string(h5_file *f, const char *name, const char *attribute, char **out);
int h5_read_attr_strings(h5_file *f, const char *name, const char *attribute, char ***out, size_t *count);

/* The version of the HDF5 library that runs, such as "1.10.8". Static. */
const char *h5_version(void);

#endif
