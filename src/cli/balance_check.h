#ifndef LOCKSTEP_CLI_BALANCE_CHECK_H
#define LOCKSTEP_CLI_BALANCE_CHECK_H

#include "train/session.h"

/*
 * Print how long a run lasts beside what decay and BatchNorm need for their balance, in lines that begin with "#".
 * Nothing without BatchNorm. samples: of the training split; 0: not known.
 */
void balance_check_print(const session_options *o, size_t samples);

#endif
