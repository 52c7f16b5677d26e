#ifndef LOCKSTEP_NETWORK_NETWORK_H
#define LOCKSTEP_NETWORK_NETWORK_H

#include <stddef.h>

#include "network/graph.h"
#include "network/options.h"

/* What makes a network: all that its graph depends on. */
typedef struct network_spec {
    size_t network;       /* its place in `networks` */
    size_t height, width; /* of the input, pixels; 0: the least, where only variables are asked for */
    size_t classes;
    network_options options;
} network_spec;

typedef struct network {
    const char *name;
    size_t least_side; /* rows and columns of the input at least */
    void (*build)(graph *g, const network_spec *o);
} network;

/* Each in a file of its own, and all of them. */
extern const network mobilenet_v2;
enum { NETWORKS = 1 };
extern const network *const networks[NETWORKS];

/* LS_EUSAGE for options that the network cannot have. */
int network_check(const network_spec *o);

/* Its graph; returns 0 or a negative code. *out is the caller's to release, on failure too. */
int network_build(graph *out, const network_spec *o);

/* The table of its variables alone; *out is released with tensor_table_release after a success. */
int network_describe(tensor_table *out, const network_spec *o);

/*
 * All networks, without and with BatchNorm: to find out whose a file is. network_describe_all: their tables, for one
 * class; returns 0 or LS_ENOMEM, released with network_release_all after a success.
 */
enum { NETWORK_VARIANTS = 2 * NETWORKS };
int network_describe_all(tensor_table out[NETWORK_VARIANTS]);
void network_release_all(tensor_table tables[NETWORK_VARIANTS]);

#endif
