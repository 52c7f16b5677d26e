#ifndef LOCKSTEP_EXCHANGE_NAMES_H
#define LOCKSTEP_EXCHANGE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "network/graph.h"

/*
 * What other programs call the variables of a network. All names follow from the graph: from the bottleneck that a node
 * belongs to, its part in it, and whether that widens its input first.
 */
typedef enum names_convention {
    NAMES_LAYERS,      /* Keras' own for layers without a name: "conv2d_3/kernel"; the article's network */
    NAMES_KERAS,       /* keras.applications.MobileNetV2: "block_1_expand/kernel" */
    NAMES_TORCHVISION, /* torchvision.models.mobilenet_v2: "features.2.conv.0.0.weight" */
    NAMES_TIMM,        /* timm's mobilenetv2_*: "blocks.1.0.conv_pw.weight" */
    NAMES_CONVENTIONS
} names_convention;

enum { NAMES_SIZE = 2 * TENSOR_NAME_SIZE };

typedef enum names_part {
    NAMES_STEM,
    NAMES_EXPAND,
    NAMES_DEPTHWISE,
    NAMES_PROJECT,
    NAMES_HEAD,   /* the last convolution */
    NAMES_HIDDEN, /* a dense layer before the last one */
    NAMES_LAST,   /* the last layer */
    NAMES_NONE    /* no layer with variables */
} names_part;

/* Where a node is. */
typedef struct names_place {
    names_part part;
    size_t block;         /* its bottleneck, from 1 on; 0 outside of them */
    size_t stage, within; /* the bottleneck's, from 0 on: a stage begins with each bottleneck without a shortcut */
    bool expanded;        /* its bottleneck widens its input first */
} names_place;

typedef struct names {
    const graph_node *nodes; /* not owned; [count] */
    size_t count;
    names_place *places; /* owned; [count] */
    size_t blocks;       /* bottlenecks */
} names;

/* The places of all nodes of a graph, whose nodes must outlive them. Returns 0 or LS_ENOMEM; names_release in any case.
 */
int names_init(names *out, const graph *g);
void names_release(names *n);

/* The name of a node's layer: "block_1_expand", "features.2.conv.0.0". out: NAMES_SIZE bytes. Returns out. */
char *names_layer(char *out, const names *n, names_convention c, size_t node);

/* The name of one of its variables: "block_1_expand/kernel", "features.2.conv.0.0.weight". Returns out. */
char *names_variable(char *out, const names *n, names_convention c, size_t node, tensor_role role);

/* For people: "keras.applications' MobileNetV2". Static. */
const char *names_of_convention(names_convention c);

/* Whether kernels lie in PyTorch's order: (out, in, rows, columns), and (out, in) of a dense layer. */
bool names_is_torch(names_convention c);

#endif
