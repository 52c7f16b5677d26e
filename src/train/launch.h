#ifndef LOCKSTEP_TRAIN_LAUNCH_H
#define LOCKSTEP_TRAIN_LAUNCH_H

#include "train/session.h"

/*
 * Say once, on rank 0, where the ranks were started and what will hurt: ranks on each host, what CPUs threads have, the
 * libraries, a data set that many hosts read across a network. Collective; returns an agreed code.
 */
int launch_report(const session *s);

#endif
