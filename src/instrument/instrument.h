#ifndef LOCKSTEP_INSTRUMENT_INSTRUMENT_H
#define LOCKSTEP_INSTRUMENT_INSTRUMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pool.h"
#include "instrument/filters.h"
#include "instrument/options.h"
#include "optim/options.h"
#include "optim/rate.h"
#include "tensor/state.h"

/*
 * What updates do to the filters that a BatchNorm makes scale-invariant, measured around some of them. Weights and the
 * gradient are the same on all ranks, so one rank measures, and what it finds does not depend on how many there are,
 * nor on its threads. Nothing of it changes the training.
 */
typedef struct instrument instrument;

/* What is measured. */
typedef struct instrument_setting {
    const tensor_table *table;
    const real *start; /* [weights_size]: what the run began with; copied */
    const optimizer_options *optimizer;
    double epsilon; /* of BatchNorm */
    pool *threads;
} instrument_setting;

/* One measurement: of the update that a step ended with. */
typedef struct instrument_row {
    uint64_t step;       /* steps behind it, this one included */
    rate_now rate;       /* of the update */
    filters_row *layers; /* owned by the instrument; [instrument_layers] */
} instrument_row;

/*
 * *out: NULL where there is nothing to measure: the mode is off, or no BatchNorm follows a convolution. Returns 0 or
 * LS_ENOMEM. of: not owned, nor what it points to; all but its start must outlive it.
 */
int instrument_create(instrument **out, const instrument_setting *of, const instrument_options *i);
void instrument_free(instrument *in);

/* Bytes that an instrument takes in the main, whatever its mode: weights before an update, and those of the start. */
size_t instrument_memory(const tensor_table *t);

/* The measured tensors, in table order: index of each in the table; owned by the instrument. */
size_t instrument_layers(const instrument *in);
const size_t *instrument_tensors(const instrument *in);

/* Whether the update of the step after so many is to be measured; false for NULL. The first of a run never is, whose
 * momentum is not there yet. */
bool instrument_due(const instrument *in, uint64_t step);

/* Before that update, and after it, with the gradient as optimizer_update left it. rate: of scale-invariant
 * weights. statistics: of the batch, laid out as the moving ones; model_batch_statistics. */
void instrument_before(instrument *in, const state *s);
void instrument_after(instrument *in, const state *s, const real *grads, const double *statistics,
                      const rate_now *rate);

/* The newest measurement that was not asked for yet; NULL: there is none. Valid until the next one. */
const instrument_row *instrument_take(instrument *in);

#endif
