#ifndef LOCKSTEP_NN_COLLECT_H
#define LOCKSTEP_NN_COLLECT_H

#include "base/tree.h"
#include "nn/run.h"

/*
 * Combine the shards' vectors in run->dweights (n elements each) along the shard tree. On return the vector of
 * front->nodes[k] lies at run->dweights + front->nodes[k].slot * run->dweights_stride.
 */
void nn_collect(tree_front *front, const nn_run *run, size_t n);

#endif
