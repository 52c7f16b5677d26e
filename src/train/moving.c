#include "train/moving.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/sort.h"

bool moving_is_mean(const tensor_table *t, size_t i)
{
    return i + 1 < t->count && t->tensors[i].role == TENSOR_MOVING_MEAN &&
           t->tensors[i + 1].role == TENSOR_MOVING_VARIANCE && !t->tensors[i].frozen;
}

bool moving_changes(const tensor_table *t)
{
    size_t i = 0;
    while (i < t->count && !moving_is_mean(t, i)) {
        i++;
    }
    return i < t->count;
}

/*
 * With the batch's mean and variance x is normal; with (mean, variance) it becomes s·x + t. The root mean square of
 * (s·x + t) - x.
 */
static double difference(double mean, double variance, double batch_mean, double batch_variance, double epsilon)
{
    const double deviation = sqrt(variance + epsilon);
    const double s = sqrt(batch_variance + epsilon) / deviation;
    const double t = (batch_mean - mean) / deviation;
    return sqrt((s - 1) * (s - 1) + t * t);
}

/* The median of a layer's channels: half of them are so far off or farther. space: [channels]. */
static double layer_distance(const tensor_info *mean, const real *moving, const double *statistics, double epsilon,
                             double *space)
{
    const size_t m = mean->offset;
    const size_t v = mean[1].offset;
    for (size_t k = 0; k < mean->size; k++) {
        space[k] =
            difference((double)moving[m + k], (double)moving[v + k], statistics[m + k], statistics[v + k], epsilon);
    }
    sort_numbers(space, mean->size);
    return space[mean->size / 2];
}

double moving_distance(const tensor_table *t, const real *moving, const double *statistics, size_t samples,
                       double epsilon)
{
    double largest = 0;
    double *space = samples < MOVING_SAMPLES ? NULL : calloc(t->moving_size + 1, sizeof *space);
    if (space == NULL) {
        return NAN;
    }
    for (size_t i = 0; i < t->count; i++) {
        const double d = moving_is_mean(t, i) ? layer_distance(&t->tensors[i], moving, statistics, epsilon, space) : 0;
        largest = d > largest ? d : largest;
    }
    free(space);
    /* The mean of n normal numbers has variance 1/n, their deviation 1/2n, as far as it is 1. */
    const double chance = 1.5 / (double)samples;
    return largest * largest > chance ? sqrt(largest * largest - chance) : 0;
}

double moving_measure(const session *s, size_t samples)
{
    const tensor_table *t = model_table(s->replica.net);
    double *statistics = calloc(t->moving_size + 1, sizeof *statistics);
    if (!moving_changes(t)) { /* also of a head's steps, which see no other layer */
        free(statistics);
        return 0;
    }
    if (statistics == NULL) {
        return NAN;
    }
    model_batch_statistics(s->replica.net, statistics);
    const double distance = moving_distance(t, state_moving(&s->replica.state), statistics, samples,
                                            state_shrink_epsilon(s->replica.state.shrink, s->options.norm.epsilon));
    free(statistics);
    return distance;
}

moving_lag moving_lag_of(bool batch_norm, double momentum, uint64_t steps, double distance)
{
    return (moving_lag){
        .distance = batch_norm ? distance : 0,
        .left = pow(momentum, (double)steps),
        .momentum = momentum,
        .steps = steps,
    };
}

bool moving_is_far(const moving_lag *lag)
{
    return isnan(lag->distance) ? lag->left > MOVING_LEFT : lag->distance > MOVING_FAR;
}

bool moving_misleads(const moving_lag *lag, double train_accuracy, double val_accuracy)
{
    return moving_is_far(lag) && val_accuracy < 0.9 * train_accuracy;
}

const char *moving_describe(char out[MOVING_TEXT_SIZE], const moving_lag *lag)
{
    char off[96] = "";
    if (!isnan(lag->distance)) {
        (void)snprintf(off, sizeof off,
                       "in one layer half of the channels are off by %.2f standard deviations or more, and ",
                       lag->distance);
    }
    (void)snprintf(out, MOVING_TEXT_SIZE,
                   "BatchNorm's moving statistics are still far from the data's: %s%.2g of their starting values is "
                   "left after %llu steps",
                   off, lag->left, (unsigned long long)lag->steps);
    return out;
}

void moving_warn(const char *what, const moving_lag *lag, const char *remedy)
{
    char text[MOVING_TEXT_SIZE];
    log_warn("%s: %s; %s a batch_norm.momentum below %g", what, moving_describe(text, lag), remedy, lag->momentum);
}
