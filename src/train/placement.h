#ifndef LOCKSTEP_TRAIN_PLACEMENT_H
#define LOCKSTEP_TRAIN_PLACEMENT_H

#include "base/cpus.h"
#include "base/pool.h"
#include "comm/comm.h"

/*
 * Give each computing thread of the ranks on a machine a CPU of its own where enough are set aside, let threads wait
 * awake where there are enough at all, and warn on rank 0 where there are too few. To be called once other threads have
 * been started, as those must not inherit the caller's CPU. Results never depend on it. *share: how
 * this rank's threads fare. Collective.
 */
int placement_settle(comm *c, pool *threads, cpus_share *share);

#endif
