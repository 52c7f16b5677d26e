#ifndef LOCKSTEP_BASE_OUTPUT_H
#define LOCKSTEP_BASE_OUTPUT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>

/*
 * Where a result is to be written. A finished file takes its place by a rename, which replaces whatever stands there,
 * be it a device; so the place is looked at first, before any work.
 */

/*
 * Whether a new file may take this place: nothing stands there, or a regular file that is not called as those of runs
 * are (*.weights.h5, log.h5, train.log, run.lock), and its folder takes files. what: "a data set", for the messages,
 * which say what to do. Returns 0; LS_EUSAGE for such a file, a folder, a link, a device, a pipe, a socket, and for "-"
 * and what /dev/stdout leads to; LS_EIO where the folder does not exist or takes no files.
 */
int output_check(const char *path, const char *what);

/* Whether the file at path is this one (by device and number): what is read would be replaced. */
bool output_is(const char *path, const struct stat *input);

/* LS_EUSAGE where the file at path is one of the n inputs, by whatever name; 0 otherwise. */
int output_refuse_inputs(const char *path, const char *const *inputs, size_t n);

/*
 * For a result that is text. Before any work: as output_check, but "-", which is standard output, devices, pipes and
 * what /dev/stdout leads to will do. At the end: to those it is written, a file is replaced as a whole. what: see
 * output_check. Returns 0, LS_EUSAGE or LS_EIO.
 */
int output_check_text(const char *path, const char *what);
int output_write_text(const char *path, const char *what, const char *text, size_t size);

/*
 * A file that is written bit by bit and takes its place as a whole. A signal that ends the process, or a crash, leaves
 * PATH.tmp-PID.
 */
typedef struct output_file {
    FILE *to;            /* NULL: it is not open */
    const char *path;    /* not owned */
    char name[PATH_MAX]; /* while it is written */
} output_file;

/* Returns 0 or LS_EIO; output_end in any case. */
int output_begin(output_file *f, const char *path);
/*
 * Its end: with LS_OK, if output_check still allows it and all was written, the file is synced and gets its name;
 * otherwise it is removed. what: see output_check. Returns the first error, `code` included.
 */
int output_end(output_file *f, const char *what, int code);

#endif
