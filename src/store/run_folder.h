#ifndef LOCKSTEP_STORE_RUN_FOLDER_H
#define LOCKSTEP_STORE_RUN_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/checkpoint.h"

/*
 * The files of a run: <folder>/step-NNNNNNNN.weights.h5, log.h5, train.log, status.json, event files below tensorboard
 * (store/event_file.h), and what was left while one of them was written. Other files may lie there as well, of people
 * and of other runs, and files of a run may be damaged. So only what is proven to be a checkpoint of this run is ever
 * counted or removed: by its name to the letter, as a regular file, by its seal, by the step it holds, and by its owner
 * (below). Whatever else has such a name is left alone, or, where it is damaged or in the way, set aside under a name
 * that is free; never deleted. docs/reliability.md has the rules as a table.
 *
 * What was found out about a file is remembered as long as the file stays as it is, so that a save does not read all
 * checkpoints again. Rank 0's business; not collective; one thread at a time.
 */
typedef struct run_folder run_folder;

/* Whether a checkpoint is of the run that the folder belongs to. */
typedef int (*run_folder_owns)(void *context, const checkpoint_info *info);

/* List the folder; one that is not there is empty. owns NULL: any run's. context must outlive it. LS_EIO, LS_ENOMEM. */
int run_folder_open(run_folder **out, const char *dir, run_folder_owns owns, void *context);
void run_folder_close(run_folder *f);

/* Files with the name of a checkpoint, whatever they hold. */
size_t run_folder_count(const run_folder *f);

/*
 * Whether work of this run may be in any of them; false where all are another run's, or never were checkpoints. Reads
 * as many as it takes to find one.
 */
bool run_folder_holds_work(run_folder *f);

/*
 * Path and step of the newest usable checkpoint; each that is passed over is warned of, once. A symbolic link to a
 * usable one counts here. step may be NULL. LS_ENOTFOUND when there is none; LS_EUSAGE where a newer one was written by
 * a newer program, whose work must not be done again.
 */
int run_folder_newest(run_folder *f, char *path, size_t size, uint64_t *step);

/*
 * Path of the best: the highest score (of older files, the highest validation accuracy), the lower cross-entropy among
 * equals, then the older. LS_ENOTFOUND where none was validated.
 */
int run_folder_best(run_folder *f, char *path, size_t size);

/*
 * Before a run goes on: set aside what was found to be damaged, remove what interrupted writes have left. To be called
 * with the run's lock held, as all that follow.
 */
int run_folder_tidy(run_folder *f);

/*
 * Remove all of the run's usable checkpoints but the `keep` newest and the `keep_best` best. keep 0 keeps all. Returns
 * 0, LS_EIO or LS_ENOMEM.
 */
int run_folder_prune(run_folder *f, size_t keep, size_t keep_best);

/* Before a checkpoint of this step is written: what has its name and is not the run's own is set aside. LS_EIO. */
int run_folder_make_way(run_folder *f, uint64_t step);

/* After it was: read it back, and count it. LS_EIO where it is not what was written; it is set aside then. */
int run_folder_add(run_folder *f, uint64_t step);

/*
 * Start over: remove the run's checkpoints and logs; what cannot be proven to be such is set aside. Returns 0 or
 * LS_EIO.
 */
int run_folder_clear(run_folder *f);

/*
 * Where writing failed (code; LS_OK stays so) and the disk has less room than `need` bytes: add to the message how to
 * get out of it. keep: as configured. Returns code.
 */
int run_folder_explain_room(const char *dir, int code, uint64_t need, size_t keep);

/* Make a folder and its parents; fine when it exists. Returns 0 or LS_EIO. */
int run_folder_make(const char *dir);

/* "dir/name" into out. Returns 0 or LS_EUSAGE when it does not fit. */
int run_folder_file(char *out, size_t size, const char *dir, const char *name);

#endif
