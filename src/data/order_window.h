#ifndef LOCKSTEP_DATA_ORDER_WINDOW_H
#define LOCKSTEP_DATA_ORDER_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#include "data/order.h"

/*
 * An order of samples that is shuffled, and read nearly as the file has it.
 *
 * In each pass over the samples these are cut, as they lie in the file, into runs of `run`, whose order is drawn. What
 * then stands one after the other is divided among lanes. A lane is a shard's place in the batch: lane k has the k-th
 * shard of each batch. Each goes through its stretch in windows; within a window samples are in an order that is drawn.
 * So a rank, which has the same lanes in each batch, whatever the number of ranks, needs whole runs for itself.
 *
 * All of it is a pure function of seed, epoch and position, given the number of samples, batch and shard.
 */
typedef struct order_window order_window;

/* Returns 0 or LS_ENOMEM. samples > 0 and below 2^32; o->window > 0. *out: order_window_free. */
int order_window_create(order_window **out, size_t samples, const order_options *o);

/* The sample at a position of an epoch; cheap where positions ascend or do not go far. */
uint32_t order_window_sample(order_window *w, uint64_t epoch, uint64_t position);

/* Steps that a window lasts, for who reads ahead. Pure. */
size_t order_window_steps(size_t samples, const order_options *o);

/* NULL is fine. */
void order_window_free(order_window *w);

#endif
