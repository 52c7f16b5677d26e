#ifndef LOCKSTEP_TRAIN_ESTIMATE_H
#define LOCKSTEP_TRAIN_ESTIMATE_H

#include "train/session.h"

/*
 * BatchNorm's statistics for the weights of a checkpoint, estimated over the data that trained it: to the bit those by
 * which training with batch_norm.evaluate: precise validates after the checkpoint's epoch, on any ranks and threads.
 */
typedef struct estimate {
    real *moving;                   /* [moving_size], laid out as the moving statistics; owned, estimate_release */
    size_t batches, batch, samples; /* 0, 0, 0: all of BatchNorm was frozen, so the moving ones are what it ran on */
    uint64_t hash;                  /* of `moving` */
} estimate;

/*
 * Of layers that were not trained in the checkpoint's epoch the moving statistics are taken, as training did.
 *
 * trained: the session that trained, with the name of its data set; what it says of training and splits does not
 * matter. batches: as evaluate_population. LS_EUSAGE where the data set is not the one that trained. Collective; a
 * failure is returned by all ranks. *out starts with anything and is released on failure too.
 */
int estimate_statistics(estimate *out, comm *c, const session_options *trained, const char *checkpoint, size_t batches);
void estimate_release(estimate *e);

/* "statistics re-estimated over 47 batches of 32, 1500 training pictures of FILE: <16 hex digits>". Returns out. */
enum { ESTIMATE_TEXT_SIZE = 512 };
const char *estimate_describe(char out[ESTIMATE_TEXT_SIZE], const estimate *e, const char *data_file);

#endif
