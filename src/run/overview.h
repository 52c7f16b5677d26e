#ifndef LOCKSTEP_RUN_OVERVIEW_H
#define LOCKSTEP_RUN_OVERVIEW_H

#include "run/trainer.h"

/* The block of lines with which a run starts: what is trained, on what, how, and with how much memory. Rank 0 speaks.
 */
void overview_print(const session *s, const trainer_options *options);

/* Where a resumed run stands, whether that is its end, and what of its options comes to nothing. Rank 0 speaks. */
void overview_print_start(const session *s, const trainer_options *options);

#endif
