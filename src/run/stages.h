#ifndef LOCKSTEP_RUN_STAGES_H
#define LOCKSTEP_RUN_STAGES_H

#include "train/session.h"

/* How large training pictures are in a run whose section `resolution` says something; else nothing is printed. */

/* Each size with its epochs, in lines that begin with "#". */
void stages_print(const session_options *o);
/* In one line, for the block of lines with which a run starts. */
void stages_print_ends(const session_options *o);
/* Where an epoch, counted from 0, has pictures of another size than the one before it, or is the first of a run. */
void stages_print_epoch(const session_options *o, uint64_t epoch);

#endif
