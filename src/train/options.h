#ifndef LOCKSTEP_TRAIN_OPTIONS_H
#define LOCKSTEP_TRAIN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "instrument/options.h"
#include "store/metric.h"

/* Sections of a configuration that a training run reads itself. Texts are not owned. */

typedef struct train_options {
    uint64_t epochs;
    int threads;             /* computing, of a rank */
    uint64_t patience;       /* epochs without a better score after which a run ends; 0: none */
    double min_improvement;  /* what a better score is better by, at least */
    const char *weights;     /* a file whose weights a run begins with; NULL or "none": fresh ones */
    const char *freeze;      /* what is not trained (network/freeze.h); NULL: nothing */
    uint64_t unfreeze_at;    /* complete epochs after which that ends; 0: never */
    const char *then_freeze; /* what is not trained from then on; NULL: nothing */
    double unfreeze_rate;    /* the learning rate from then on; 0: as before */
    double rate_decay;       /* of rates by depth (network/freeze.h); 0: all are the same */
} train_options;

/* Whether a run begins with weights of a file. */
static inline bool train_has_weights(const train_options *o)
{
    return o->weights != NULL && strcmp(o->weights, "none") != 0;
}

/* Whether an epoch, counted from 0, comes after unfreeze_at. */
static inline bool train_has_thawed(const train_options *o, uint64_t epoch)
{
    return o->unfreeze_at > 0 && epoch >= o->unfreeze_at;
}

/* What is not trained in an epoch, counted from 0 (network/freeze.h); NULL: nothing. */
static inline const char *train_frozen_in(const train_options *o, uint64_t epoch)
{
    return train_has_thawed(o, epoch) ? o->then_freeze : o->freeze;
}

/* Whether no epoch has been better for as long as a run waits for one. epoch: complete ones; best: the best, or NaN. */
static inline bool train_out_of_patience(const train_options *o, uint64_t epoch, double best)
{
    return o->patience > 0 && best <= (double)epoch - (double)o->patience; /* not of NaN */
}

/* Whether a run ends here: all its epochs are complete, or it is out of patience. */
static inline bool train_is_over(const train_options *o, uint64_t epoch, double best)
{
    return epoch >= o->epochs || train_out_of_patience(o, epoch, best);
}

/* Where the features of a frozen backbone are kept (train/features.h). */
typedef enum features_cache { FEATURES_MEMORY, FEATURES_FILE, FEATURES_OFF } features_cache;

typedef struct features_options {
    features_cache cache;
    size_t variants; /* of an augmented picture; 0: features of augmented pictures are not kept */
} features_options;

typedef struct loss_section {
    double label_smoothing;
    const char *class_weights; /* none, balanced, or a number for each class with commas between; NULL: none */
} loss_section;

typedef struct checkpoint_options {
    const char *dir;                    /* of the runs' folders */
    uint64_t every_epochs, every_steps; /* 0: none for that reason; the last epoch always ends with a checkpoint */
    double every_minutes;               /* by rank 0's clock; 0: none for that reason */
    size_t keep, keep_best;             /* as run_folder_prune */
    metric best_by;                     /* what epochs are scored by */
} checkpoint_options;

typedef struct check_options {
    uint64_t replicas_every; /* steps between comparisons of replicas; 0: where an epoch ends, and before saving */
} check_options;

typedef struct log_options {
    size_t every_steps;      /* between plain progress lines; 0: one about every minute */
    const char *print_layer; /* Keras name of the layer whose kernel is printed */
    size_t print_count;      /* how many of its values */
    instrument_options instrument;
    bool tensorboard; /* write event files as well */
    bool status;      /* write what the run is doing, for `lockstep watch` */
} log_options;

#endif
