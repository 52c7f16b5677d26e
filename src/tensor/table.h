#ifndef LOCKSTEP_TENSOR_TABLE_H
#define LOCKSTEP_TENSOR_TABLE_H

#include <stddef.h>

#include "base/real.h"

/*
 * The table of a network's variables. Weights are one flat vector, gradients another of the same shape, moving
 * statistics a third; an entry says where in its vector a tensor lies. Entries are in Keras order of creation, elements
 * in Keras order (last index fastest), so that files, hashes and updates are loops over flat vectors.
 */
typedef enum tensor_role {
    TENSOR_CONV_KERNEL,      /* (kh, kw, Cin, Cout) */
    TENSOR_DEPTHWISE_KERNEL, /* (3, 3, C, 1) */
    TENSOR_GAMMA,            /* (C) */
    TENSOR_BETA,             /* (C) */
    TENSOR_MOVING_MEAN,      /* (C) */
    TENSOR_MOVING_VARIANCE,  /* (C) */
    TENSOR_DENSE_KERNEL,     /* (features, classes) */
    TENSOR_DENSE_BIAS,       /* (classes) */
} tensor_role;

enum { TENSOR_NAME_SIZE = 64, TENSOR_MAX_RANK = 4 };

typedef struct tensor_info {
    char layer[TENSOR_NAME_SIZE]; /* Keras name of its layer: "conv2d_3", "batch_normalization" */
    tensor_role role;
    int rank;
    size_t shape[TENSOR_MAX_RANK];
    size_t size;         /* elements */
    size_t offset;       /* first element within its vector */
    int trainable;       /* lies in weights (and gradients), else in moving */
    int decays;          /* L2 covers it */
    int scale_invariant; /* a BatchNorm follows: the output does not depend on its norm */
} tensor_info;

/* A Keras layer, also one without variables. */
typedef struct layer_info {
    char name[TENSOR_NAME_SIZE]; /* Keras' name of it: "re_lu_4" */
    size_t first;                /* its first variable in the table */
    size_t count;                /* variables: 0, 1 (kernel), 2 (dense), 4 (gamma, beta, mean, variance) */
} layer_info;

typedef struct tensor_table {
    tensor_info *tensors; /* owned; [count] */
    size_t count;
    layer_info *layers; /* owned; [layer_count], in network order */
    size_t layer_count;
    size_t weights_size; /* elements of the weights vector */
    size_t moving_size;  /* elements of the moving-statistics vector */
} tensor_table;

/* An empty table. */
void tensor_table_init(tensor_table *t);

/* Begin a layer of this name ("conv2d_3"); following tensors belong to it. Returns 0 or LS_ENOMEM. */
int tensor_table_add_layer(tensor_table *t, const char *name);

/* Append a tensor to the last layer; flags and offsets follow from its role. Returns its index or LS_ENOMEM. */
int tensor_table_add(tensor_table *t, tensor_role role, int rank, const size_t *shape, int scale_invariant);

/* Free what the table owns. */
void tensor_table_release(tensor_table *t);

/* Keras leaf name of a role: "kernel", "depthwise_kernel", "gamma", "moving_variance", ... */
const char *tensor_role_name(tensor_role role);

/* "layer/leaf", as "conv2d_3/kernel"; out has room for size bytes. Returns out. */
char *tensor_full_name(char *out, size_t size, const tensor_info *t);

/* Where a tensor's values lie, given the two vectors. */
real *tensor_values(const tensor_info *t, real *weights, real *moving);

/* 64-bit hash of weights and moving statistics: the line `weights <16 hex digits>`. */
unsigned long long tensor_table_hash(const tensor_table *t, const real *weights, const real *moving);

/* The first tensor with a value that is not finite, in table order; NULL when all are. moving may be NULL: not asked.
 */
const tensor_info *tensor_table_not_finite(const tensor_table *t, const real *weights, const real *moving);

/* Mean |w| over the elements that L2 covers; double sums in table order. */
double tensor_table_mean_abs(const tensor_table *t, const real *weights);

#endif
