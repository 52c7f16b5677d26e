#ifndef LOCKSTEP_IO_H5_PRIVATE_H
#define LOCKSTEP_IO_H5_PRIVATE_H

#include <hdf5.h>

#include "io/h5.h"

/* What the parts of the module share. Nobody outside io/ includes this file. */

struct h5_remote;
struct h5_place;

struct h5_file {
    hid_t id;                 /* owned; negative where another process reads the file */
    struct h5_remote *remote; /* owned; that process, or NULL */
    char *path;               /* owned */
    int descriptor;           /* owned; of a file that is read, else -1 */
    int writable;             /* opened or made for writing */
    uint64_t size;            /* of a file that nobody writes, in bytes; 0: to be asked for */
    int followed;             /* marked as being written */
    int packed;               /* data may be compressed */
};

/*
 * Every public function that touches HDF5 runs between these two: a process-wide recursive lock. The first entry of a
 * process turns file locking off, the first of a thread silences the error stack, which HDF5 keeps by thread.
 */
void h5_enter(void);
void h5_leave(void);
/* In a new process that was forked between the two: nobody is in. */
void h5_forked(void);

/* A file that nothing is open of yet, for h5_close; NULL with LS_ENOMEM's message. */
h5_file *h5_file_make(const char *path);
/* One with a descriptor of its own for what `descriptor` is open on, and the size of that. LS_ENOMEM, LS_EIO. */
int h5_file_of(h5_file **out, int descriptor, const char *name);

/* Open for reading in this process what a descriptor is open on. As h5_open_descriptor. */
int h5_open_local(h5_file **out, int descriptor, const char *name, int packed);

/*
 * In the process of a reader: it is still at work. Elsewhere nothing happens. For the driver, whose reads may be slow.
 */
void h5_serve_alive(void);

/* Bytes of an element in memory; 0 for H5_STRING and H5_OTHER. */
size_t h5_width(h5_type type);

/* Where a data set of numbers, of one dimension or more, lies in the file (h5_remote.h). LS_ENOTFOUND, LS_EFORMAT. */
int h5_find_place(h5_file *f, const char *name, h5_type type, struct h5_place *out);
/* Where its first `count` chunks along the first dimension lie; 0: nowhere, which are zeros. LS_EFORMAT. */
int h5_find_chunks(h5_file *f, const char *name, uint64_t count, uint64_t *out);

/* Types in memory and in files (little endian); negative for H5_STRING and H5_OTHER. Not owned by the caller. */
hid_t h5_memory_type(h5_type type);
hid_t h5_stored_type(h5_type type);

/* Link creation that makes missing groups on the way; one for the process, never dropped. */
hid_t h5_with_parents(void);

/* Set the error "FILE: NAME: what" and return code. */
int h5_fail(const h5_file *f, const char *name, int code, const char *what);

/*
 * As h5_fail with LS_EIO, followed by the innermost reason that HDF5 gives ("No space left on device"). Must follow the
 * failed call at once: the next call of HDF5 forgets the reason.
 */
int h5_fail_io(const h5_file *f, const char *name, const char *what);

/*
 * 1 when the path leads somewhere over hard links alone, 0 when it does not exist, -1 when a part of it is a soft or an
 * external link: those are never followed, as they may lead out of the file.
 */
int h5_walk(const h5_file *f, const char *name);

/*
 * Whether the data of an open data set lies in this file (LS_EFORMAT: elsewhere), and, where the file is only read,
 * whether there can be as much of it as the shape claims; so nobody takes memory for a damaged header's sake.
 */
int h5_check_storage(const h5_file *f, const char *name, hid_t set);

/* Open a data set whose data is all in this file, or set LS_ENOTFOUND or LS_EFORMAT; *out is to be dropped. */
int h5_open_set(h5_file *f, const char *name, hid_t *out);

/* As h5_open_set, of elements that convert to numbers; LS_EFORMAT where they do not. */
int h5_open_numbers(h5_file *f, const char *name, hid_t *out);

/* Close an identifier of a kind when there is one. */
void h5_drop(hid_t id);

/*
 * Strings of a data set or attribute. source is open, its type and space too; attribute says which of the two it is.
 * *out: one block (pointers, then text) for free(). A scalar is one string.
 */
int h5_get_strings(const h5_file *f, const char *name, hid_t source, int attribute, char ***out, size_t *count);

/*
 * The fixed-length form of strings: *type (to be dropped) and *text (to be freed), count cells of equal size with a
 * terminating zero each.
 */
int h5_put_strings(const h5_file *f, const char *name, const char *const *strings, size_t count, hid_t *type,
                   char **text);

#endif
