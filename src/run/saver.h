#ifndef LOCKSTEP_RUN_SAVER_H
#define LOCKSTEP_RUN_SAVER_H

#include <stddef.h>
#include <stdint.h>

#include "store/checkpoint.h"
#include "store/run_folder.h"
#include "tensor/state.h"

/*
 * Checkpoints beside the training: the state is copied, and a thread writes the copy. One is on its way at a time. A
 * write that fails leaves what was saved before, and is reported at the next call. Rank 0's business; not collective.
 */
enum { SAVER_LOGS = 4 };

typedef struct saver_options {
    const state *state; /* what is saved has its table and vectors; all: not owned, must outlive the saver */
    const char *run_dir;
    run_folder *folder; /* of run_dir; while a checkpoint is on its way, the thread's */
    /* Synced to disk first, so that a checkpoint never has more steps than the logs; the first NULL ends them. */
    const char *logs[SAVER_LOGS];
    size_t keep, keep_best; /* as run_folder_prune */
} saver_options;

/* Bytes below which a disk counts as full: twice a checkpoint. */
uint64_t saver_room(const state *s);

/* What saving has taken so far. */
typedef struct saver_cost {
    uint64_t written;
    double waited;  /* seconds that callers were held up: copying, and waiting for the one before */
    double busy;    /* seconds of a processor in the thread */
    double longest; /* seconds from a call to the file in its place, at most */
} saver_cost;

typedef struct saver saver;

int saver_create(saver **out, const saver_options *options);

/*
 * Save this state as step-<its step>: waits for the one on its way, copies, returns. info's texts and class names:
 * not owned, must outlive the saver. Returns what became of the one before.
 */
int saver_start(saver *s, const checkpoint_info *info, const state *st);

/* 0, or the error of a write that has failed since the last call; does not wait. */
int saver_poll(saver *s);

/* As saver_poll, once nothing is on its way any more. */
int saver_finish(saver *s);

saver_cost saver_costs(saver *s);

/* Waits for the one on its way; NULL is fine. */
void saver_free(saver *s);

#endif
