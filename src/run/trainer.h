#ifndef LOCKSTEP_RUN_TRAINER_H
#define LOCKSTEP_RUN_TRAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exchange/import.h"
#include "run/live.h"
#include "run/requests.h"
#include "run/tracing.h"
#include "store/run_folder.h"
#include "train/session.h"

/* A training run: epochs of steps, validation, checkpoints and logs. Texts are the caller's and must outlive the run.
 */
typedef struct trainer_options {
    session_options session; /* training: true */
    checkpoint_options checkpoint;
    check_options check;
    log_options log;
    tracing_options trace;
    double limit;         /* second on the clock by which all must be saved and over; 0: none */
    const char *run_dir;  /* made when missing */
    run_folder *folder;   /* of run_dir, with the run's lock held; rank 0 only, else NULL */
    const char *resume;   /* a checkpoint to go on from; NULL: start from the seed */
    const origin *origin; /* of that checkpoint; NULL with resume NULL */
    importer **weights;   /* *weights: the file that session.train.weights names, open; closed and NULL once it is read.
                             Rank 0's; *weights NULL: it is opened when it is needed */
    bool same_bits;       /* refuse to go on with other bits */
    live *alive;          /* told what goes on; rank 0 only, else NULL */
    bool fresh;           /* remove what an earlier run left in run_dir, once all else is ready */
    const char *experiment;
    const char *config;        /* the effective configuration, for the checkpoints */
    const char *normalization; /* how pixels become numbers, for the checkpoints */
    const char *program;       /* version, for the checkpoints */
} trainer_options;

/*
 * Train to the end of the last epoch; rank 0 writes run_dir's checkpoints, log.h5 and train.log, and prints the line
 * `weights <16 hex digits>` at last. A finished run that is resumed has nothing written. Where a rank is asked to stop
 * (base/signals.h) or the limit is near, all stop after the same step, save and return EXIT_SAVED. Collective; a
 * failure is returned by all ranks, or has ended the job.
 */
int trainer_run(comm *c, const trainer_options *options);

#endif
