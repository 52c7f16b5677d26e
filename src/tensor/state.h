#ifndef LOCKSTEP_TENSOR_STATE_H
#define LOCKSTEP_TENSOR_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/real.h"
#include "tensor/origin.h"
#include "tensor/table.h"

/*
 * All that a training step changes: named vectors, the counters, and the arithmetic that computed them. The next step
 * depends on this, the options and the data, on nothing else. Copying, hashing, broadcasting, checking and saving are
 * loops over the vectors.
 */
enum { STATE_MOST_SLOTS = 5 };

typedef enum state_part {
    STATE_WEIGHTS = TENSOR_WEIGHTS, /* trained, or frozen */
    STATE_MOVING = TENSOR_MOVING,   /* BatchNorm's moving statistics */
    STATE_SLOTS,                    /* the first of those that an optimizer keeps */
    STATE_PARTS = STATE_SLOTS + STATE_MOST_SLOTS
} state_part;

typedef struct state_vector {
    const char *name; /* "weights", "moving", or what the optimizer calls it, such as "velocity"; static */
    real *values;     /* [size] */
    size_t size;
    tensor_vector layout; /* where tensors lie in it: as in the weights, or as in the moving statistics */
} state_vector;

/* A vector that an optimizer keeps. */
typedef struct state_slot {
    const char *name; /* static */
    tensor_vector layout;
} state_slot;

/* What decay alone has left of a weight since the run began, where it is taken as a rate that grows instead
 * (optim/growth.h), and the momentum of that. 1 and 0 where it is not. */
typedef struct state_shrink {
    double left, velocity;
} state_shrink;

/* BatchNorm's epsilon for weights that are larger by 1/left, as variances are by the square of that. */
static inline double state_shrink_epsilon(state_shrink shrink, double epsilon)
{
    return epsilon / (shrink.left * shrink.left);
}

typedef struct state {
    const tensor_table *table; /* not owned */
    state_vector vectors[STATE_PARTS];
    size_t count;      /* of vectors */
    uint64_t epoch;    /* completed epochs */
    uint64_t step;     /* completed steps since the start of the run */
    uint64_t position; /* samples of the current epoch already used */
    origin origin;     /* which arithmetic computed it */
    state_shrink shrink;
    arena memory; /* owned; of the vectors */
} state;

/* All zero, in an arena of its own. slots: [slot_count]. Returns 0 or LS_ENOMEM. */
int state_create(state *out, const tensor_table *t, const state_slot *slots, size_t slot_count);
/* As state_create, for a copy of this one. */
int state_create_like(state *out, const state *s);
void state_release(state *s);

/* Bytes that the vectors of a state take. */
size_t state_memory(const tensor_table *t, const state_slot *slots, size_t slot_count);
/* The same of this one. */
size_t state_memory_like(const state *s);

/* Everything, between two states of one table and the same slots. */
void state_copy(state *to, const state *from);

/* The same state with other moving statistics: shares all memory, and is not released. */
state state_with_moving(const state *s, real *moving);

/* The vector of this name; NULL: there is none. */
const state_vector *state_find(const state *s, const char *name);

static inline real *state_weights(const state *s)
{
    return s->vectors[STATE_WEIGHTS].values;
}

static inline real *state_moving(const state *s)
{
    return s->vectors[STATE_MOVING].values;
}

/* A tensor's values, within the weights or the moving statistics. */
static inline real *state_values(const state *s, const tensor_info *t)
{
    return s->vectors[t->vector].values + t->offset;
}

/* 64-bit hash of weights and moving statistics: the line `weights <16 hex digits>`. */
uint64_t state_hash(const state *s);
/* Of all vectors. */
uint64_t state_hash_all(const state *s);

/* The first tensor with a value that is not finite, in any vector; NULL when all are. */
const tensor_info *state_not_finite(const state *s);

#endif
