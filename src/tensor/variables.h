#ifndef LOCKSTEP_TENSOR_VARIABLES_H
#define LOCKSTEP_TENSOR_VARIABLES_H

#include "base/arena.h"
#include "tensor/table.h"

/*
 * Memory for a table's variables, all zero, in an arena of their own: *weights [weights_size], *moving [moving_size].
 * Returns 0 or LS_ENOMEM. *memory is the caller's to release, on failure too.
 */
int variables_create(arena *memory, const tensor_table *t, real **weights, real **moving);

#endif
