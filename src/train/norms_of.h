#ifndef LOCKSTEP_TRAIN_NORMS_OF_H
#define LOCKSTEP_TRAIN_NORMS_OF_H

#include "optim/norm_hold.h"
#include "train/session.h"

/* Whether `decay.norms_of` asks for norms: it is a run's folder, or `start`. */
bool norms_of_asked(const char *norms_of);

/*
 * The norms that it means: those that the session's run begins with, or those of another run's log, which must be of
 * the same network and, from step to step, reach the end of this run. Collective; a failure is returned by all:
 * LS_EUSAGE, LS_EFORMAT, LS_ENOMEM. *out: norm_hold_release, on failure too.
 */
int norms_of_read(norm_hold *out, const session *s);

#endif
