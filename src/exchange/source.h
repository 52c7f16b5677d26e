#ifndef LOCKSTEP_EXCHANGE_SOURCE_H
#define LOCKSTEP_EXCHANGE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/real.h"
#include "base/text.h"
#include "exchange/names.h"

/*
 * What a file of another program holds, whatever its format: tensors by name, of those of which the network is made;
 * dense layers in their order, as each program and each user calls them otherwise; and what else there is.
 */
enum { SOURCE_MOST_RANK = 8, SOURCE_MOST_DENSE = 4 };

typedef struct source_tensor {
    char *name; /* owned: "features.0.0.weight", "Conv1/kernel"; a depthwise kernel of Keras is a "kernel" as well */
    int rank;
    size_t shape[SOURCE_MOST_RANK];
    size_t at; /* for who reads it */
} source_tensor;

/* A dense layer: its kernel and bias, as tensors of the source that are in no other list. */
typedef struct source_dense {
    source_tensor kernel, bias; /* names NULL: not there */
    char activation[32];        /* "relu", "softmax", "linear"; "": not known */
} source_dense;

typedef struct source {
    names_convention convention;
    source_tensor *tensors; /* owned; [count], by name once source_finish was called */
    size_t count, capacity;
    source_dense dense[SOURCE_MOST_DENSE]; /* owned; [dense_count]; in the order of computation */
    size_t dense_count;                    /* may be more than there is room for */
    bool dense_unordered;                  /* their order is not known */
    const char *strange;      /* class of a layer that no head of Lockstep's has; NULL: none is known; not owned */
    bool with_extras;         /* tensors with names unlike the convention's are another layer's */
    text_builder passed_over; /* layers with weights that are none of the network's, with commas between; "": none */
    int (*read)(void *context, const source_tensor *t, size_t size, real *out); /* all numbers, in the file's order */
    void *context;
} source;

/*
 * Add a tensor; the name is copied. rank -1 or more than SOURCE_MOST_RANK is refused by a shape that nothing has.
 * Returns 0 or LS_ENOMEM.
 */
int source_add(source *s, const char *name, int rank, const size_t *shape, size_t at);

/* Fill in a tensor of a dense layer. Returns 0 or LS_ENOMEM. */
int source_set(source_tensor *out, const char *name, int rank, const size_t *shape, size_t at);

/* Note a layer that is none of the network's, once. */
void source_pass_over(source *s, const char *layer);

/* Sort by name. LS_EFORMAT where a name is there twice; path: what the error calls the file. */
int source_finish(source *s, const char *path);

/* The tensor of this name; NULL: there is none. */
const source_tensor *source_find(const source *s, const char *name);

/* Whether it has this shape. */
bool source_has_shape(const source_tensor *t, int rank, const size_t *shape);

/* Free all that it owns. */
void source_release(source *s);

#endif
