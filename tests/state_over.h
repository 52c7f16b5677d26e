#ifndef LOCKSTEP_TESTS_STATE_OVER_H
#define LOCKSTEP_TESTS_STATE_OVER_H

/* A state over vectors that a test has at hand, and checkpoints of it. */
#include <stdlib.h>

#include "base/error.h"
#include "io/h5.h"
#include "store/checkpoint_private.h"
#include "store/keras_layout.h"
#include "store/runlog.h"
#include "tensor/state.h"

static inline state state_over(const tensor_table *t, real *weights, real *moving)
{
    return (state){
        .table = t,
        .vectors = {{"weights", weights, t->weights_size, TENSOR_WEIGHTS},
                    {"moving", moving, t->moving_size, TENSOR_MOVING}},
        .count = STATE_SLOTS,
        .shrink = {.left = 1},
    };
}

/* With the counters and the origin of info. */
static inline int write_over(const char *path, const tensor_table *t, real *weights, real *moving,
                             const checkpoint_info *info)
{
    state s = state_over(t, weights, moving);
    s.epoch = info->epoch;
    s.step = info->step;
    s.position = info->position;
    s.origin = info->origin;
    if (info->shrink > 0) {
        s.shrink = (state_shrink){info->shrink, info->shrink_velocity};
    }
    return checkpoint_write(path, &s, info);
}

static inline int read_over(const char *path, const tensor_table *t, real *weights, real *moving)
{
    state s = state_over(t, weights, moving);
    return checkpoint_read(path, &s);
}

/* Weights that Keras (or a checkpoint) holds: *.weights.h5 of Keras 3, or the legacy *.h5. */
static inline int read_keras(const char *path, state *s)
{
    h5_file *f = NULL;
    int code = h5_open_read(&f, path);
    if (code == LS_OK) {
        code = keras_layout_read(f, s);
    }
    (void)h5_close(f);
    return code;
}

static inline int read_keras_over(const char *path, const tensor_table *t, real *weights, real *moving)
{
    state s = state_over(t, weights, moving);
    return read_keras(path, &s);
}

/* Of a run that has so much behind it; its weights are 0. */
static inline int open_log_over(runlog **out, const char *path, const tensor_table *t, uint64_t steps, uint64_t epochs)
{
    real *weights = calloc(t->weights_size + 1, sizeof *weights);
    if (weights == NULL) {
        return error_set(LS_ENOMEM, "out of memory for weights");
    }
    state s = state_over(t, weights, NULL);
    s.step = steps;
    s.epoch = epochs;
    origin_add(&s.origin, 0, "generic", REAL_NAME);
    const int code = runlog_open(out, path, &s);
    free(weights);
    return code;
}

static inline uint64_t hash_over(const tensor_table *t, real *weights, real *moving)
{
    const state s = state_over(t, weights, moving);
    return state_hash(&s);
}

/* Verify the seal and every checksum of a file: 0, or a code with what is wrong first. */
static inline int checkpoint_verify(const char *path)
{
    h5_file *f = NULL;
    checkpoint_info info;
    int code = checkpoint_open(&f, &info, path);
    if (code == LS_OK) {
        code = checkpoint_verify_sets(f);
    }
    checkpoint_info_release(&info);
    (void)h5_close(f);
    return code;
}

#endif
