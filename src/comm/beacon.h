#ifndef LOCKSTEP_COMM_BEACON_H
#define LOCKSTEP_COMM_BEACON_H

#include <stddef.h>
#include <stdint.h>

#include "base/watch.h"

/*
 * The datagram by which ranks report to rank 0 what they are doing, and by which it answers. All have BEACON_SIZE
 * bytes, the same on every machine. What arrives comes from the network, so anybody may have sent it.
 */
enum { BEACON_SIZE = 84, BEACON_MOST_ADDRESSES = 16 };

typedef enum beacon_kind { BEACON_REPORT = 1, BEACON_ANSWER = 2 } beacon_kind;

/* What only the ranks of one job know. */
typedef struct beacon_token {
    uint64_t words[2];
} beacon_token;

typedef struct beacon {
    beacon_kind kind;
    uint32_t rank;     /* who reports, or is answered */
    uint32_t address;  /* which of rank 0's addresses the report was sent to; the answer repeats it */
    uint64_t sequence; /* grows with each report; the answer repeats it */
    /* Milliseconds since the last progress: of this rank in a report, of the whole job in an answer. */
    uint64_t idle_ms;
    watch_state state; /* of the sender; its beats stay at home */
    watch_spent spent; /* of the sender */
} beacon;

/* As bytes for the network. */
void beacon_write(uint8_t out[BEACON_SIZE], const beacon *b, const beacon_token *token);
/* 1 and *out when these bytes are a datagram of this job of `ranks` ranks, with every field in its range; else 0. */
int beacon_read(beacon *out, const uint8_t *bytes, size_t size, const beacon_token *token, int ranks);

#endif
