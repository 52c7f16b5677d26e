#ifndef LOCKSTEP_DATA_LOADER_H
#define LOCKSTEP_DATA_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/batch.h"
#include "data/dataset.h"
#include "data/features.h"
#include "data/options.h"
#include "data/order.h"

/*
 * Threads that decode, cut, resize and normalize the samples of coming batches while the current one is computed. What
 * a batch holds depends on the options and (epoch, step) alone: not on threads, and the ranks' parts side by side are
 * the one batch that a single rank would have.
 */
typedef struct loader_options {
    dataset *data;       /* not owned; must outlive the loader */
    dataset_split split; /* any but DATASET_TRAIN goes in order, each sample once, and nothing is drawn */
    data_options input;  /* but for its data set and orientation; its size is that of the first pictures */
    order_options order;
    bool turn;                     /* pictures as their orientation tag says, before all else */
    const feature_table *features; /* handed out instead of pictures, which nobody decodes; NULL: pictures. Not owned */
    size_t ahead;                  /* batches in memory, the current one included; 0: 3 */
    int rank, size;
} loader_options;

/* What the making of a batch is divided into. */
typedef enum loader_part {
    LOADER_READING,  /* a picture's bytes, and their checksum */
    LOADER_DECODING, /* and turning it */
    LOADER_MAKING,   /* the network's input of it: cut, resized, augmented, normalized, mixed */
    LOADER_PARTS
} loader_part;

typedef struct loader loader;

/*
 * Start the threads; none works before loader_start_epoch. Returns 0, LS_ENOMEM, LS_ERROR, or LS_EUSAGE for impossible
 * options, an empty training split among them. *out: loader_free.
 */
int loader_create(loader **out, const loader_options *options);

/*
 * Bytes that a loader of these options takes for batches; 0 where they are too large for any machine. Pure; `data` is
 * not looked at.
 */
size_t loader_memory(const loader_options *options);

/* Bytes that it takes to read pictures ahead, where the order is shuffled within windows; `data` says how large they
 * are.
 */
size_t loader_read_ahead(const loader_options *options);

/* Steps of an epoch; 0 for an empty validation split. */
size_t loader_steps(const loader *l);

/* Samples of a whole epoch, over all ranks. */
size_t loader_samples(const loader *l);

/* Seconds that loader_next has waited for pictures so far. For who calls it. */
double loader_waited(const loader *l);

/* Its threads. */
int loader_threads(const loader *l);

/*
 * What they have done so far, all together: seconds by part, of reading those that pass, of the others those of a
 * processor; and samples. Any thread may ask.
 */
typedef struct loader_work {
    double seconds[LOADER_PARTS];
    uint64_t samples;
} loader_work;
loader_work loader_worked(loader *l);

/*
 * The pictures of epochs started from now on have this size, for which the loader must have room: any that its options'
 * `resolution` gives for training, and that of its input. Returns 0 or LS_EUSAGE.
 */
int loader_resize(loader *l, resolution size);

/*
 * Start an epoch at one of its steps, dropping what was under way; also clears an error. Where it is started already,
 * and no batch was asked for, it goes on. Returns 0 or LS_EUSAGE.
 */
int loader_start_epoch(loader *l, uint64_t epoch, size_t first_step);

/*
 * The next batch: 1 and *out (its memory is the loader's, valid until the next call with this loader), 0 at the end of
 * the epoch, or a negative code whose message names the picture that could not be read; *out is set then too, with
 * anything in that picture's place, for a rank that must keep step with others. Not collective: a rank without shards
 * in a batch gets one of 0 samples.
 */
int loader_next(loader *l, batch *out);

/* Stop and join the threads; NULL is fine. Waits for no more than the pictures at hand. */
void loader_free(loader *l);

#endif
