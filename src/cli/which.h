#ifndef LOCKSTEP_CLI_WHICH_H
#define LOCKSTEP_CLI_WHICH_H

#include <stdbool.h>

#include "store/checkpoint.h"

/*
 * The checkpoint that an argument stands for: a file for itself, a run's folder for its newest usable one or, with
 * `best`, for the one with the best validation, which is said on standard error. LS_EUSAGE where `best` comes with a
 * file; errors of run_folder_newest and run_folder_best. Rank 0's business.
 */
int which_checkpoint(char out[CHECKPOINT_PATH_SIZE], const char *given, bool best);

#endif
