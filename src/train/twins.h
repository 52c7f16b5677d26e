#ifndef LOCKSTEP_TRAIN_TWINS_H
#define LOCKSTEP_TRAIN_TWINS_H

#include "train/session.h"

/*
 * Runs on the same batches, from the same weights: with decay, as the session's options say; its twin, whose rate grows
 * instead (optim/growth.h); and the first once more with the last bit of one weight changed, for what rounding alone
 * does to a training. Training multiplies differences, so a fourth run is the twin that begins each step where the run
 * with decay stands: by it the two are compared step by step.
 */

/* How far a run's network is from that of the run with decay. */
typedef struct twins_distance {
    double loss;   /* of the cross-entropy of the training batch, by its own statistics */
    double logits; /* largest of any logit of that batch's pictures after the update, by the moving statistics */
} twins_distance;

typedef struct twins_row {
    uint64_t step;
    double cross_entropy; /* of the run with decay, as are the largest logit's magnitude */
    double largest;
    double left; /* what decay has left of the twin's weights: they are larger by 1 over this */
    double rate; /* of the twin's weights before a BatchNorm, in the update */
    twins_distance twin, bit;
    twins_distance single; /* what one step of the twin brings them apart; the largest of all steps so far */
    double worst;          /* the larger of single's, in parts of the largest logit or of 1 */
} twins_row;

/*
 * Train all for so many steps from fresh weights, and report a row after 1, 2, 5, 10, 20, 50 ... steps and at the end,
 * on all ranks. s: open for training; its state is that of the run with decay afterwards. Collective. LS_ENOMEM;
 * LS_ENUMERIC where the loss is no longer finite; else as step_train.
 */
int twins_train(session *s, uint64_t steps, void (*report)(void *context, const twins_row *row), void *context);

#endif
