#ifndef LOCKSTEP_NETWORK_GRAPH_H
#define LOCKSTEP_NETWORK_GRAPH_H

#include <stddef.h>

#include "tensor/table.h"

/*
 * A network as data: nodes in the order of computation, each with its operation, what it reads and the shape of what it
 * writes. Nothing here computes: variables, memory, costs and the passes follow from the nodes.
 */
typedef enum graph_op {
    GRAPH_INPUT,
    GRAPH_ZERO_PADDING, /* a row below and a column on the right, and `above` and `left` */
    GRAPH_CONV,         /* without a bias */
    GRAPH_DEPTHWISE,    /* without a bias */
    GRAPH_BATCH_NORM,
    GRAPH_RELU6,
    GRAPH_ADD,
    GRAPH_MEAN,  /* over the pixels of each channel */
    GRAPH_DENSE, /* with a bias */
    GRAPH_OPS
} graph_op;

typedef enum graph_padding { GRAPH_SAME, GRAPH_VALID } graph_padding;

typedef struct graph_shape {
    size_t height, width, channels; /* 1×1 after a mean */
} graph_shape;

enum { GRAPH_BLOCK_SIZE = 40 };

typedef struct graph_node {
    graph_op op;
    size_t inputs[2];             /* numbers of nodes before it: an input has none, an addition two */
    size_t side, stride;          /* a convolution's: kernels of side×side */
    graph_padding padding;        /* a convolution's */
    size_t above, left;           /* rows and columns of zeros before a GRAPH_ZERO_PADDING's input: 0 or 1 */
    size_t filters;               /* outputs of GRAPH_CONV and GRAPH_DENSE */
    int relu;                     /* GRAPH_DENSE: negative outputs become 0 */
    graph_shape shape;            /* of its output, one sample; given for GRAPH_INPUT, else inferred */
    size_t variable;              /* its first in the table; set by graph_variables */
    char name[TENSOR_NAME_SIZE];  /* Keras' for the layer: "re_lu_4" */
    char block[GRAPH_BLOCK_SIZE]; /* for people: "block3.expand" */
} graph_node;

/* Starts as zeros. */
typedef struct graph {
    graph_node *nodes; /* owned; [count] */
    size_t count;
    char block[GRAPH_BLOCK_SIZE]; /* of the nodes to come */
    int code;                     /* the first failure, whose message is in base/error.h; nothing is added after it */
} graph;

/*
 * Add a node with its op, inputs and the numbers of its kind set; name, block and shape are filled in. Returns its
 * number. Failures (LS_ENOMEM; LS_EUSAGE where shapes do not fit) stay in g->code, so that a network is built without
 * looking at each.
 */
size_t graph_append(graph *g, graph_node node);

/* The block of the nodes to come, as printf. */
void graph_block(graph *g, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * The table of the network's variables, and node->variable. Returns 0 or LS_ENOMEM; *out is the caller's to release
 * after a success.
 */
int graph_variables(tensor_table *out, graph *g);

/* Keras' class of the node's layer: "BatchNormalization". */
const char *graph_class(const graph_node *node);

/* Whether a variable of some graph is called so: "conv2d_3/kernel". */
int graph_is_variable(const char *name);

/*
 * Zeros that Keras' "same" puts around `size` rows or columns of a convolution's input, of which it has `out_size`
 * windows; the smaller half of them comes first.
 */
size_t graph_same_zeros(const graph_node *conv, size_t size, size_t out_size);

/* How many nodes it reads: 0, 1 or 2. */
int graph_inputs(const graph_node *node);

void graph_release(graph *g);

#endif
