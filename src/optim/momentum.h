#ifndef LOCKSTEP_OPTIM_MOMENTUM_H
#define LOCKSTEP_OPTIM_MOMENTUM_H

#include "optim/optimizer.h"

/* The update of SGD with momentum, the gradient times part->trust; the first vector is the velocity. */
void momentum_update(const update_part *part);

#endif
