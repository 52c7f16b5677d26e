#ifndef LOCKSTEP_COMM_POST_H
#define LOCKSTEP_COMM_POST_H

#include <netinet/in.h>
#include <stddef.h>

#include "comm/beacon.h"

/* Datagrams between ranks over UDP (IPv4), beside MPI. Nothing here waits for anybody. */

/* Where rank 0 may be reached, and what it is called: handed to all ranks when MPI has started. */
typedef struct post_place {
    beacon_token token;
    uint16_t port; /* in network order, as the addresses; 0: rank 0 has no socket */
    uint32_t count;
    uint32_t addresses[BEACON_MOST_ADDRESSES]; /* the first: of rank 0's own host only */
} post_place;

/* A socket at a port of its own; -1 where the system refuses. Closed with close(). */
int post_open(void);
/* The place of rank 0, whose socket this is, with a new random token. The port stays 0 where anything fails. */
void post_describe(post_place *out, int socket);

/* Send one; lost where the network does not take it at once. */
void post_send(int socket, const beacon *b, const beacon_token *token, const struct sockaddr_in *to);
/* The address of number `index` (below place->count). */
struct sockaddr_in post_address(const post_place *place, uint32_t index);
/*
 * Take one datagram that has arrived. Returns -1 when there is none, 1 with *out and *from, 0 when it was not of this
 * job.
 */
int post_take(int socket, beacon *out, struct sockaddr_in *from, const beacon_token *token, int ranks);

#endif
