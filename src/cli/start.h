#ifndef LOCKSTEP_CLI_START_H
#define LOCKSTEP_CLI_START_H

#include <stdbool.h>

#include "config/config.h"
#include "store/checkpoint.h"
#include "store/run_folder.h"

/* Where a training begins: at the first step, or at a checkpoint. Finished work is never overwritten unasked. */
typedef struct start {
    bool resumes;
    char checkpoint[CHECKPOINT_PATH_SIZE]; /* when it resumes */
    origin origin;                         /* of that checkpoint */
    bool done;                             /* and nothing is left to train */
} start;

/*
 * Before anything is made: LS_EUSAGE where the data set, or the checkpoint or folder that `resume` names, is not there,
 * may not be read or is something else. Rank 0's business.
 */
int start_check_named(const config *wanted, const char *resume);

/*
 * folder: of run_dir. resume: NULL, "auto" (its newest usable checkpoint, if there is any) or a checkpoint. LS_EUSAGE
 * when run_dir has checkpoints and neither resume nor fresh says what to do with them, or when the checkpoint's
 * configuration differs from `wanted` in a key that may not change. Rank 0's business.
 */
int start_choose(start *out, run_folder *folder, const config *wanted, const char *run_dir, const char *resume,
                 bool fresh);

#endif
