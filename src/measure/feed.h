#ifndef LOCKSTEP_MEASURE_FEED_H
#define LOCKSTEP_MEASURE_FEED_H

#include <stdbool.h>
#include <stddef.h>

#include "comm/comm.h"
#include "data/loader.h"
#include "train/session.h"

enum { FEED_ALONE = 4 /* batches of pictures alone for each step, as they take less time */ };

/* How a data set's pictures come to the network: by themselves, and while it is trained, as train does both. */
typedef struct feed_options {
    session_options session; /* that of a training */
    size_t steps;            /* timed, at least 1 */
    size_t warm_up;          /* steps before them */
} feed_options;

/* The same on all ranks. Seconds are means over ranks. */
typedef struct feed_result {
    size_t ranks;
    size_t pictures;            /* of the training split */
    size_t batch;               /* samples of the global batch */
    double bytes;               /* of a picture in the file, mean */
    bool held;                  /* the file's pictures are in memory */
    double loaders;             /* threads that load, a rank */
    double alone;               /* pictures a second, all ranks, while nothing else is done */
    double parts[LOADER_PARTS]; /* seconds of a thread for a picture then */
    double bare;                /* seconds of a step on a batch that is there, while nothing is loaded */
    double step;                /* seconds of a step on batches as they come */
    double images;              /* images a second of these, all ranks */
    double waited;              /* seconds of such a step in which a rank waits for pictures */
    double waited_most;         /* on the rank that waits most */
} feed_result;

/*
 * Measure it. Collective; a failure is returned by all ranks, one within a step ends the job; *out: plain values.
 */
int feed_run(feed_result *out, comm *c, const feed_options *options);

#endif
