#ifndef LOCKSTEP_RUN_VALIDATION_H
#define LOCKSTEP_RUN_VALIDATION_H

#include "run/epoch.h"
#include "train/evaluate.h"
#include "train/session.h"

/*
 * What an epoch is validated by. Each is collective, a failure is returned by all ranks, and where `breaks` breaks it
 * off there are no figures.
 */

/* Room for statistics as long as the moving ones; *out: the caller's. Returns 0 or LS_ENOMEM, of this rank. */
int validation_memory(real **out, const session *s);

/*
 * The weights at hand, by their moving statistics or, with room for them, by re-estimated ones, which stay in
 * population; and their averages, where there are some, which have moving statistics of their own.
 */
int validation_run(session *s, real *population, evaluate_breaks *breaks, epoch_validation *out);

/* The accuracy by statistics re-estimated over some batches of the epoch that just ended; NaN where broken off. */
int validation_precisely(session *s, evaluate_breaks *breaks, double *accuracy);

#endif
