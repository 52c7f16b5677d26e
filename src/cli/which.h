#ifndef LOCKSTEP_CLI_WHICH_H
#define LOCKSTEP_CLI_WHICH_H

#include <stdbool.h>

#include "store/checkpoint.h"

/*
 * The checkpoint that an argument stands for: a file for itself, a run's folder for its newest usable one or, with
 * `best`, for the one with the best validation, which is said on standard error. LS_EUSAGE where `best` comes with a
 * file, and as which_check_file and which_of_run. Rank 0's business.
 */
int which_checkpoint(char out[CHECKPOINT_PATH_SIZE], const char *given, bool best);

/*
 * A run's newest usable checkpoint or its best. LS_EUSAGE where the folder is not there, cannot be listed, or holds no
 * such checkpoint; LS_ENOTFOUND where it holds some and all are damaged; else as run_folder_newest.
 */
int which_of_run(char out[CHECKPOINT_PATH_SIZE], const char *dir, bool best);

/* LS_EUSAGE where a path cannot be a run's folder: nothing there, not a folder, not to be listed, without checkpoints.
 */
int which_check_run(const char *dir);

/* LS_EUSAGE where a path cannot be a checkpoint (io/named.h), or is an intact file of another kind. */
int which_check_file(const char *path);

#endif
