#ifndef LOCKSTEP_TRAIN_REPLICAS_H
#define LOCKSTEP_TRAIN_REPLICAS_H

#include "train/session.h"

/*
 * Whether all ranks hold the same, finite weights and moving statistics (with local BatchNorm, whose moving statistics
 * are each rank's own, the same weights): 0; LS_ENUMERIC or LS_ECOMM names the rank and the first tensor that is not.
 * Collective; returned by all ranks.
 */
int replicas_check(const session *s);

#endif
