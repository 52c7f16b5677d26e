#ifndef LOCKSTEP_TRAIN_PLACEMENT_H
#define LOCKSTEP_TRAIN_PLACEMENT_H

#include "base/pool.h"
#include "comm/comm.h"

/*
 * Give each computing thread of the ranks on a machine a CPU of its own where there are enough, and warn on rank 0
 * where there are too few. To be called once other threads have been started, as those must not inherit the caller's
 * CPU. Results never depend on it. Collective.
 */
int placement_settle(comm *c, pool *threads);

#endif
