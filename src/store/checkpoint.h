#ifndef LOCKSTEP_STORE_CHECKPOINT_H
#define LOCKSTEP_STORE_CHECKPOINT_H

#include <stddef.h>
#include <stdint.h>

#include "base/real.h"
#include "network/options.h"
#include "store/spent.h"
#include "tensor/state.h"

/*
 * Checkpoints: the whole training state in one HDF5 file that Keras reads as weights (see store/keras_layout.h), and a
 * group /lockstep, which Keras ignores, with what else a resume or a report needs. A file appears under its name only
 * when complete; every data set has a checksum, and the file a seal (io/seal.h), which is checked before HDF5 opens it:
 * what was cut short, damaged or is something else is distinguished. Not collective: one rank writes, any may read.
 */
enum { CHECKPOINT_PATH_SIZE = 4096, CHECKPOINT_FIRST_WEIGHTS = 10 };

/* What is written. The one before, which lacked the optimizer's vectors and the origin, is still read. */
enum { CHECKPOINT_FORMAT = 3, CHECKPOINT_OLDEST_FORMAT = 2 };

/*
 * The epoch that is under way: what its row of the log needs of the steps so far. Zeros where none has been taken.
 */
typedef struct checkpoint_epoch {
    /* Before the epoch's first step: */
    uint64_t start_step;          /* steps behind it */
    double start_mean_abs_weight; /* tensor_table_mean_abs */
    double first_weights[CHECKPOINT_FIRST_WEIGHTS];
    /* Sums over its samples, in the order of its steps: */
    double cross_entropy, penalty, correct, samples;
    double seconds;
    double spent[SPENT_KINDS]; /* seconds since the last row of the log; NaN: not known */
} checkpoint_epoch;

/* Whether the pictures that it was trained on were turned as their orientation tag says. Older files do not say. */
typedef enum checkpoint_orientation {
    CHECKPOINT_ORIENTATION_UNKNOWN,
    CHECKPOINT_TURNED,
    CHECKPOINT_AS_STORED
} checkpoint_orientation;

typedef struct checkpoint_info {
    /* Of the state: set by reading, taken from the state by writing. */
    uint64_t epoch, step, position;
    uint64_t weights_hash; /* state_hash */
    origin origin;
    /* */
    uint64_t seed;
    uint64_t height, width; /* of the input, pixels */
    uint64_t batch_norm;    /* 1 or 0 */
    uint64_t data_checksum; /* dataset_fingerprint of what it was trained on */
    checkpoint_orientation orientation;
    checkpoint_epoch now;
    double val_loss, val_cross_entropy, val_accuracy; /* at these weights; NaN where they were not validated */
    double moving_distance; /* of the moving statistics from the data's (train/moving.h); NaN: not known */
    double score;           /* of these weights by checkpoint.best_by (store/metric.h); NaN: not known */
    double best_score;      /* of all epochs so far; NaN: none was scored */
    double best_epoch;      /* the first with that */
    double depth, fixed_ends, head_units; /* as in network_options; NaN where they are not set */
    double shrink, shrink_velocity; /* of the state: set by reading, taken from it by writing; NaN: decay is no rate */
    /* Text; owned after a read (checkpoint_info_release), borrowed for a write, where NULL stands for "". */
    const char *config;        /* the effective configuration, YAML */
    const char *experiment;    /* bn, l2, bn_l2 or the name of another */
    const char *normalization; /* how pixels become numbers */
    const char *program;       /* version of the program that wrote it */
    char **classes;            /* [class_count]; one block for free() after a read */
    size_t class_count;
} checkpoint_info;

/* Name and values of something that differs. */
typedef void (*checkpoint_report)(void *context, const char *name, const char *a, const char *b);

/* Report each number and text but the configuration in which two differ, and of the classes; returns how many. */
size_t checkpoint_info_difference(const checkpoint_info *a, const checkpoint_info *b, checkpoint_report report,
                                  void *context);

/* Which variables its network has, but for its width and number of classes, which shapes say; and the same put into
 * the information. */
network_options checkpoint_network(const checkpoint_info *info);
void checkpoint_set_network(checkpoint_info *info, const network_options *o);

/* Free what a read put into it. */
void checkpoint_info_release(checkpoint_info *info);

/*
 * Write to a temporary name, sync, rename to path. On failure (LS_EIO, LS_ENOMEM) nothing is left behind and an older
 * file of that name is untouched.
 */
int checkpoint_write(const char *path, const state *s, const checkpoint_info *info);

/*
 * The seal alone, by reading the file once: 0, or LS_EFORMAT and one line that says whether it is cut short, damaged,
 * of an older format, or no checkpoint. LS_ENOTFOUND, LS_EIO.
 */
int checkpoint_check_seal(const char *path);

/* What is known of a file's seal without opening it. */
typedef enum checkpoint_seal {
    CHECKPOINT_SEAL_GOOD,
    CHECKPOINT_SEAL_BROKEN, /* or lost: it was a checkpoint once */
    CHECKPOINT_SEAL_OLDER,  /* a checkpoint of format 1, which had none */
    CHECKPOINT_SEAL_NONE,   /* another program's file */
    CHECKPOINT_SEAL_UNKNOWN /* the file cannot be read */
} checkpoint_seal;
checkpoint_seal checkpoint_seal_kind(const char *path);

/*
 * Read /lockstep alone, the seal and its checksum verified; out owns its text on success. LS_ENOTFOUND, LS_EFORMAT;
 * LS_EUSAGE for a format that is newer than this program.
 */
int checkpoint_read_info(checkpoint_info *out, const char *path);

/*
 * Read a state that was made for the network, with seal, names, shapes, checksums, hash verified. Vectors of an
 * optimizer are read where the state has them, and then have to be there. LS_EFORMAT names the first tensor that is
 * damaged or differs from the table.
 */
int checkpoint_read(const char *path, state *s);

/*
 * As checkpoint_read, of whichever network the file holds, and what is known of it, by opening it once: the state is
 * made here, over *t, without vectors of an optimizer. All three are the caller's to release, after a failure too.
 * LS_EFORMAT where it is of no network.
 */
int checkpoint_load(checkpoint_info *info, tensor_table *t, state *s, const char *path);

#endif
