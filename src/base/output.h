#ifndef LOCKSTEP_BASE_OUTPUT_H
#define LOCKSTEP_BASE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
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

#endif
