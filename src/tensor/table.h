#ifndef LOCKSTEP_TENSOR_TABLE_H
#define LOCKSTEP_TENSOR_TABLE_H

#include <stddef.h>

#include "base/extent.h"
#include "base/real.h"

/*
 * The table of a network's variables. Weights are one flat vector, gradients another of the same shape, moving
 * statistics a third (tensor/state.h); an entry says where in its vector a tensor lies. Entries are in Keras order of
 * creation, elements in Keras order (last index fastest), so that files, hashes and updates are loops over flat
 * vectors.
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

/* The vector that a tensor lies in. */
typedef enum tensor_vector { TENSOR_WEIGHTS, TENSOR_MOVING } tensor_vector;

enum { TENSOR_NAME_SIZE = 64, TENSOR_MAX_RANK = 4 };

typedef struct tensor_info {
    char layer[TENSOR_NAME_SIZE]; /* Keras name of its layer: "conv2d_3", "batch_normalization" */
    tensor_role role;
    int rank;
    size_t shape[TENSOR_MAX_RANK];
    size_t size; /* elements */
    tensor_vector vector;
    size_t offset;       /* first element within its vector */
    int trainable;       /* a step updates it by its gradient; not so for moving statistics, and what is frozen */
    int frozen;          /* it stays as it is */
    int decays;          /* L2 covers it, where it is trainable */
    double rate;         /* what the learning rate is times for it; 1 where nothing else is asked for */
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

/* Append a tensor to the last layer; flags and offsets follow from its role. Returns 0 or LS_ENOMEM. */
int tensor_table_add(tensor_table *t, tensor_role role, int rank, const size_t *shape, int scale_invariant);

/* Give tensor i another shape of the same rank; offsets follow. Before memory is taken for the table. */
void tensor_table_reshape(tensor_table *t, size_t i, const size_t *shape);

/* From a scale-invariant kernel in the table to the variables of the BatchNorm after it. */
enum { TENSOR_TO_GAMMA = 1, TENSOR_TO_MEAN = 3, TENSOR_TO_VARIANCE = 4 };

/* Filters of a convolution's kernel, each of which makes one channel: of element i that is number i % filters. 0: the
 * tensor is no such kernel. */
size_t tensor_filters(const tensor_info *t);

/* Whether two tensors have the same shape. */
int tensor_same_shape(const tensor_info *a, const tensor_info *b);

/* From now on no step changes tensor i. */
void tensor_table_freeze(tensor_table *t, size_t i);
/* From now on none is frozen. */
void tensor_table_thaw(tensor_table *t);

/* The frozen parts of the weights, ascending, none next to another; out: room for count. Returns how many. */
size_t tensor_table_frozen(const tensor_table *t, extent *out);

/* Free what the table owns. */
void tensor_table_release(tensor_table *t);

/* Keras leaf name of a role: "kernel", "depthwise_kernel", "gamma", "moving_variance", ... */
const char *tensor_role_name(tensor_role role);

/* "layer/leaf", as "conv2d_3/kernel"; out has room for size bytes. Returns out. */
char *tensor_full_name(char *out, size_t size, const tensor_info *t);

/* The first tensor of this vector with a value that is not finite, in table order; NULL when all are. */
const tensor_info *tensor_table_not_finite(const tensor_table *t, tensor_vector vector, const real *values);

/* Mean |w| over the elements that L2 covers; double sums in table order. */
double tensor_table_mean_abs(const tensor_table *t, const real *weights);

#endif
