#ifndef LOCKSTEP_OPTIM_RATE_H
#define LOCKSTEP_OPTIM_RATE_H

#include <stdint.h>

#include "optim/options.h"

/*
 * The learning rate of a step, the number of steps before it given. A pure function, so that a checkpoint needs nothing
 * of it and a resume goes on with the same.
 */
double rate_at(const optimizer_options *o, uint64_t step);

#endif
