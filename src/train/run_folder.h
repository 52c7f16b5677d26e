#ifndef LOCKSTEP_TRAIN_RUN_FOLDER_H
#define LOCKSTEP_TRAIN_RUN_FOLDER_H

#include <stddef.h>
#include <stdint.h>

/* The files of a run: <folder>/step-NNNNNNNN.weights.h5, log.h5, train.log. Not collective: rank 0's business. */

/* Checkpoints in the folder, whether they can be read or not. A folder that is not there holds none. LS_EIO. */
int run_folder_checkpoints(const char *dir, size_t *count);

/* Step of the newest checkpoint in the folder by name, 0 when there is none. LS_EIO. */
int run_folder_newest(const char *dir, uint64_t *step);

/* Remove checkpoints, log.h5 and train.log; nothing else. Returns 0 or LS_EIO. */
int run_folder_clear(const char *dir);

/*
 * Remove all checkpoints but the `keep` newest and the `keep_best` best: those with the highest validation accuracy,
 * the lower cross-entropy counting among equals. keep 0 keeps all. Returns 0, LS_EIO or LS_ENOMEM.
 */
int run_folder_prune(const char *dir, size_t keep, size_t keep_best);

/* Path of the best checkpoint in the folder, as run_folder_prune ranks them. LS_ENOTFOUND where none was validated. */
int run_folder_best(char *out, size_t size, const char *dir);

/* "dir/name" into out. Returns 0 or LS_EUSAGE when it does not fit. */
int run_folder_file(char *out, size_t size, const char *dir, const char *name);

#endif
