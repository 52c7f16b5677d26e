#ifndef LOCKSTEP_IO_NAMED_H
#define LOCKSTEP_IO_NAMED_H

#include <stdbool.h>

/*
 * Look at an input that somebody named, before any work: LS_EUSAGE, which ends the program with status 2, where there
 * is no such file, where it may not be read, and where it is a folder, a pipe or a file of another kind than HDF5. What
 * may be an HDF5 file that was damaged or cut short, and what cannot be read for the moment, is for the reader to
 * report: 0.
 */
int named_check(const char *path);

/*
 * The same without opening it, so that a file that many processes open is opened once by each: LS_EUSAGE where there is
 * no such file, where it may not be read, and where it is no file.
 */
int named_check_place(const char *path);

/* Whether a path leads to a folder. */
bool named_is_folder(const char *path);

/* Whether a path is a folder that can be listed. LS_EUSAGE; what: "a run's folder". */
int named_check_folder(const char *path, const char *what);

/*
 * Whether an open file is as an interrupted writer of an HDF5 file may leave it: empty, zeros where the signature comes
 * at the end, or the signature.
 */
bool named_looks_begun(int descriptor);

#endif
