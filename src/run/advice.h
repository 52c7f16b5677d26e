#ifndef LOCKSTEP_RUN_ADVICE_H
#define LOCKSTEP_RUN_ADVICE_H

#include <stdbool.h>

#include "store/runlog.h"
#include "train/session.h"

/* What a run's figures say is wrong with it, each said once as a warning with the number and what to do. Of rank 0. */
typedef struct advice {
    bool dead, rising, gap; /* said */
    double before;          /* cross-entropy of the epoch before; 0: there was none */
} advice;

/* Before training: of classes with no or few pictures, and of a warm-up that moving statistics outlast. */
void advice_start(const session *s);

/* After an epoch. trusted: the validation does not suffer from moving statistics. */
void advice_epoch(advice *a, const session *s, const runlog_epoch_row *row, bool trusted);

/* The conditions, pure. */

/* The cross-entropy is that of a guess among so many classes, and so is the accuracy. */
bool advice_is_dead(double cross_entropy, double accuracy, size_t classes);
/* It rose by a tenth and more. */
bool advice_is_rising(double before, double now);
/* The training pictures are known by heart, others are not. */
bool advice_is_by_heart(double train_accuracy, double val_accuracy);

#endif
