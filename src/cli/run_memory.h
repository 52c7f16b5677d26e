#ifndef LOCKSTEP_CLI_RUN_MEMORY_H
#define LOCKSTEP_CLI_RUN_MEMORY_H

#include <stddef.h>

#include "train/memory_check.h"
#include "train/memory_plan.h"

/* What a rank of a run will take, before there is one. */
typedef struct run_memory {
    memory_plan plan;
    memory_need need;
    size_t classes;     /* a guess where the data set cannot be opened */
    size_t samples;     /* of its training split; 0 then */
    char problem[1024]; /* why it cannot; "" where it can */
} run_memory;

/* With `ranks` ranks. Errors as memory_plan_of; that the data set cannot be opened is none. */
int run_memory_of(run_memory *out, const session_options *o, int ranks);

#endif
