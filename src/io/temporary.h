#ifndef LOCKSTEP_IO_TEMPORARY_H
#define LOCKSTEP_IO_TEMPORARY_H

#include <stdbool.h>

#include "io/h5.h"

/*
 * An HDF5 file that appears under its name whole or not at all: it is written under h5_temporary_name, which is made
 * anew (no link is followed), locked as long as its writer lives, and removed when a signal ends the process. What
 * SIGKILL or a crash leaves is removed by the next writer of the same path. One at a time in a process.
 */
typedef struct temporary {
    char *name; /* what it is called while it is written; owned */
    char *path; /* what it is to be called; owned */
    int lock;   /* a descriptor that holds the lock; owned */
} temporary;

/*
 * Before any work: output_check (base/output.h), and whether the temporary name can be made; then remove what earlier
 * writers of this path left behind. That is a file beside it whose name is exactly PATH.tmp-HOST-PID, regular, empty or
 * an HDF5 file as far as it got, and locked by nobody, where the file system's locks are known to reach all machines.
 * Others of such a name are named in a warning and left alone. Returns 0, LS_EUSAGE or LS_EIO.
 */
int temporary_prepare(const char *path, const char *what);

/*
 * Make the file. t needs no preparation; temporary_end in any case. Returns 0, LS_EIO, LS_EUSAGE or LS_ENOMEM; *out is
 * to be closed before temporary_commit or temporary_end.
 */
int temporary_begin(temporary *t, h5_file **out, const char *path);

/* Sync it and give it its name, if output_check still allows that. what: see there. Returns 0, LS_EIO or LS_EUSAGE. */
int temporary_commit(temporary *t, const char *what);

/* Give everything back, and remove the file if it has not got its name. */
void temporary_end(temporary *t);

/*
 * After all is written, or where something failed (code; LS_OK: nothing did): close the file (NULL: there is none),
 * temporary_commit unless anything failed, temporary_end. Returns the first error.
 */
int temporary_finish(temporary *t, h5_file *f, int code, const char *what);

/* Whether a file's name (without folder) is one of those under which `path` may be written: NAME.tmp-HOST-PID. */
bool temporary_is_named(const char *path, const char *name);

#endif
