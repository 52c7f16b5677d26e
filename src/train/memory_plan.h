#ifndef LOCKSTEP_TRAIN_MEMORY_PLAN_H
#define LOCKSTEP_TRAIN_MEMORY_PLAN_H

#include "model/plan.h"
#include "train/session.h"

/* What training takes of a rank's memory, in bytes. Libraries, and what grows with the data set, are not in it. */
typedef struct memory_plan {
    model_memory_plan network;
    size_t gradients; /* vectors as long as the weights, one for each node of the shard tree that a rank ends up with */
    size_t weights;   /* with the moving statistics, and sums as long as those */
    size_t measured;  /* weights kept on one rank, by which updates are measured */
    size_t images;    /* batches that the loaders decode ahead, of training and of validation */
    size_t total;
} memory_plan;

/*
 * The plan of the rank that needs most, from the options alone: neither the data set's file nor the memory is touched.
 * Returns 0, LS_ENOMEM, or LS_EUSAGE as model_create. Not collective.
 */
int memory_plan_of(memory_plan *out, const session_options *options, size_t classes, int ranks);

/* What helps where that is too much. Static. */
const char *memory_plan_advice(const session_options *options);

/* As a table of lines, each with `prefix` in front, to standard output. */
void memory_plan_print(const memory_plan *p, const char *prefix);

#endif
