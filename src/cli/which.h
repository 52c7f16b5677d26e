#ifndef LOCKSTEP_CLI_WHICH_H
#define LOCKSTEP_CLI_WHICH_H

#include <stdbool.h>

#include "store/checkpoint.h"
#include "store/run_folder.h"

/*
 * The checkpoint that an argument stands for: a file for itself, a run's folder for its newest usable one or, with
 * `best`, for the one with the best validation, which is said on standard error. LS_EUSAGE where `best` comes with a
 * file, and as which_check and which_of_run. Rank 0's business.
 */
int which_checkpoint(char out[CHECKPOINT_PATH_SIZE], const char *given, bool best);

/*
 * A run's newest usable checkpoint or its best. LS_EUSAGE where the folder is not there, cannot be listed, or holds no
 * such checkpoint; LS_ENOTFOUND where it holds some and all are damaged; else as run_folder_newest.
 */
int which_of_run(char out[CHECKPOINT_PATH_SIZE], const char *dir, bool best);

/*
 * Open any run's folder, for more than one question. LS_EUSAGE where a path cannot be one: nothing there, not a folder,
 * not to be listed, without checkpoints; else as run_folder_open. *out: run_folder_close, also after an error.
 */
int which_open_run(run_folder **out, const char *dir);

/*
 * Before any work: LS_EUSAGE where an argument cannot stand for a checkpoint, as which_open_run, or as a file is not
 * there, may not be read (io/named.h) or is an intact one of another kind.
 */
int which_check(const char *given);

#endif
