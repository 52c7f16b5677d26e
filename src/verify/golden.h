#ifndef LOCKSTEP_VERIFY_GOLDEN_H
#define LOCKSTEP_VERIFY_GOLDEN_H

#include <stdint.h>

#include "comm/comm.h"
#include "network/options.h"

/*
 * Check the training step against a file of reference results: load its weights, run its batches, compare logits,
 * losses, gradients, updated weights and moving statistics.
 *
 * The error of a tensor is the norm of the difference over the norm of the reference, taken over the values that the
 * file holds; of large tensors it holds a sample, and norm and position checksum over all elements, whose differences
 * count as well. Tensors that are zero in theory are measured against the largest of their kind. In float32 a ReLU6
 * unit that stands within rounding of 0 or 6 may change sides, which moves a few gradients by far more than rounding
 * does, in TensorFlow's results as in ours; hence the median where the two are compared.
 */
typedef struct golden_options {
    double tolerance; /* largest error allowed; INFINITY: not judged */
    double ratio;     /* allowed for the median over tensors of (our error / TensorFlow's in float32); 0: not judged */
    int threads;      /* per rank, at least 1 */
    size_t shard_size;
    /* PRECISION_MIXED: TensorFlow's errors in float32 are no measure then, so medians are our own */
    model_precision precision;
} golden_options;

typedef struct golden_result {
    double worst;  /* largest error */
    double ratio;  /* largest median over tensors of (our error / TensorFlow's in float32); 0: unknown */
    uint64_t bits; /* hash of all synchronized results: logits, losses, gradients, weights, moving statistics */
    int passed;
} golden_result;

/*
 * Prints a line a quantity on rank 0, with the tensor of the largest error. Returns 0 also when a limit is passed (see
 * out->passed), LS_EFORMAT where the file is not one of reference results. Collective; a failure is returned by all.
 */
int golden_verify(comm *c, const char *path, const golden_options *options, golden_result *out);

#endif
