#ifndef LOCKSTEP_TRAIN_MOVING_H
#define LOCKSTEP_TRAIN_MOVING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/real.h"
#include "tensor/table.h"
#include "train/session.h"

/*
 * Whether BatchNorm's moving statistics say anything about the data yet. They begin at mean 0 and variance 1 and keep
 * `momentum` of themselves a step, so a network that has learnt its training pictures may still answer others by
 * statistics that are not theirs. docs/numerics.md has the figures that the thresholds follow from.
 */
typedef struct moving_lag {
    double distance; /* moving_distance after the last step; NaN: not known */
    double left;     /* share of the values they began with that is still in them: momentum^steps */
    double momentum;
    uint64_t steps;
} moving_lag;

enum { MOVING_TEXT_SIZE = 256, MOVING_SAMPLES = 4 };

/* Beyond this distance they are far from the data's; where it is not known, with more than this share left. */
#define MOVING_FAR  0.4
#define MOVING_LEFT 0.01

/*
 * How far they are from one batch's own statistics (model_batch_statistics, laid out as they are): of each channel the
 * root mean square difference that they make to its normalized values, in standard deviations; of each layer's channels
 * the median; of the layers the largest, less what a batch of so many samples differs by chance. At most 0.1 where they
 * have caught up, near 1 where they have not begun to. NaN with fewer samples than MOVING_SAMPLES, whose statistics say
 * little, and without memory. Pure.
 */
double moving_distance(const tensor_table *t, const real *moving, const double *statistics, size_t samples,
                       double epsilon);

/* moving_distance from the statistics of this rank's last forward in MODEL_TRAIN, over so many samples. */
double moving_measure(const session *s, size_t samples);

/* After so many steps; none without BatchNorm, whose moving statistics are nobody's. */
moving_lag moving_lag_of(bool batch_norm, double momentum, uint64_t steps, double distance);

/* Whether they are far from the data's. */
bool moving_is_far(const moving_lag *lag);

/* Whether a validation by them is worse than the training for that reason, by their accuracies. */
bool moving_misleads(const moving_lag *lag, double train_accuracy, double val_accuracy);

/* "BatchNorm's moving statistics are still far from the data's: ...", with figures. Returns out. */
const char *moving_describe(char out[MOVING_TEXT_SIZE], const moving_lag *lag);

/*
 * A warning of one line, "<what>: <moving_describe>; <remedy> a batch_norm.momentum below ...": what suffers or is
 * meant, and what helps, up to "or". Rank 0 speaks.
 */
void moving_warn(const char *what, const moving_lag *lag, const char *remedy);

/* Whether tensor i is a moving mean that is not frozen; its variance is then the next. */
bool moving_is_mean(const tensor_table *t, size_t i);

/* Whether training changes any moving statistics: there are some, and not all are frozen. */
bool moving_changes(const tensor_table *t);

#endif
