#ifndef LOCKSTEP_INSTRUMENT_DECAY_LAW_H
#define LOCKSTEP_INSTRUMENT_DECAY_LAW_H

#include <stdint.h>

#include "optim/options.h"
#include "optim/rate.h"

/*
 * What decay alone, without a gradient, makes of weights that no BatchNorm follows: w is times 1 − κ in each update, of
 * SGD times 1 − 2ηc. With momentum decay's push is handed out over the updates after it, so this is what comes of it in
 * the long run.
 */

/* The factor from after `from` steps to after `to`; NaN where no law is known for the optimizer (instrument/theory.h).
 */
double decay_law_factor(const optimizer_options *o, const rate_run *run, uint64_t from, uint64_t to);

#endif
