#ifndef LOCKSTEP_CLI_RATE_CURVE_H
#define LOCKSTEP_CLI_RATE_CURVE_H

#include "train/session.h"

/*
 * Print the learning rate of a run from its first step to its last, as a table and as a plot, in lines that begin with
 * "#". samples: of the training split; 0: not known.
 */
void rate_curve_print(const session_options *o, size_t samples);

#endif
