#ifndef LOCKSTEP_COMM_NODE_H
#define LOCKSTEP_COMM_NODE_H

#include "comm/comm.h"

/* For what the first rank of a node does for the others there: comm_node_rank and comm_node_size say who that is. */

/* What the node is called, as in the messages of comm_agree; not collective. Owned by the communicator. */
const char *comm_node_name(const comm *c);

/* From the node's first rank to its others; n at most INT_MAX. Collective on the node. Returns 0 or LS_ECOMM. */
int comm_node_broadcast(comm *c, void *bytes, size_t n);

/*
 * *out: the worst (lowest) code that a rank of the node brought. Messages stay where they are. Collective on the node.
 * Returns 0 or LS_ECOMM.
 */
int comm_node_worst(comm *c, int code, int *out);

/* How many nodes there are whose first rank brought a flag other than 0. Collective. Returns 0 or LS_ECOMM. */
int comm_node_count(comm *c, int flag, int *out);

#endif
