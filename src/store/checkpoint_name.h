#ifndef LOCKSTEP_STORE_CHECKPOINT_NAME_H
#define LOCKSTEP_STORE_CHECKPOINT_NAME_H

#include <stddef.h>
#include <stdint.h>

/* How the files of a run are called: step-NNNNNNNN.weights.h5, of eight digits or more, and what is not finished yet.
 */

enum { CHECKPOINT_NAME_SIZE = 64 };

/* "step-00000123.weights.h5" into out, which is returned. */
char *checkpoint_name(char out[CHECKPOINT_NAME_SIZE], uint64_t step);

/* "dir/step-00000123.weights.h5" into out. Returns 0 or LS_EUSAGE when it does not fit. */
int checkpoint_path(char *out, size_t size, const char *dir, uint64_t step);

/* 1 and its step when this is the name of a checkpoint to the letter; 0 for "step-00000123-good.weights.h5" and others.
 */
int checkpoint_name_step(uint64_t *step, const char *name);

/*
 * 1 when this is what a checkpoint or a log is called while it is written: such a name, H5_TEMPORARY_MARK, a host and
 * the number of a process.
 */
int checkpoint_name_is_temporary(const char *name);

#endif
