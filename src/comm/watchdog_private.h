#ifndef LOCKSTEP_COMM_WATCHDOG_PRIVATE_H
#define LOCKSTEP_COMM_WATCHDOG_PRIVATE_H

#include <stdatomic.h>

#include "base/clock.h"
#include "base/snapshot.h"
#include "comm/alarm.h"
#include "comm/interfaces.h"
#include "comm/pace.h"
#include "comm/post.h"
#include "comm/stall.h"
#include "comm/watchdog.h"

/* What the files of the watchdog share. All times are seconds of its own clock. */

enum { WATCHDOG_HOST_SIZE = 64, WATCHDOG_TEXT_SIZE = 4096 };

/* Whom a line names. */
typedef struct watchdog_name {
    char host[WATCHDOG_HOST_SIZE];
    long pid;
} watchdog_name;

/* What a rank knows of another. */
typedef struct watchdog_peer {
    watchdog_name name;
    int reported;      /* ever */
    double when;       /* of the last report */
    double progressed; /* its last progress; of rank 0: the job's, as it reports it */
    uint64_t sequence; /* of the newest datagram */
    watch_state state;
} watchdog_peer;

/* After the start all but the timeouts belong to the thread. */
struct watchdog {
    int rank, size;
    watchdog_name name;
    pthread_t thread;
    int wake[2];                         /* a pipe, to stop the thread */
    int socket;                          /* -1: none */
    _Atomic uint64_t stall_ms, abort_ms; /* 0: never */

    clock_awake clock;
    double now;
    double due;        /* the next report and check */
    uint64_t beats;    /* of this rank, at its last progress */
    double progressed; /* this rank */
    double latest;     /* the last progress of any rank, as far as known */
    double reported;   /* how long the reported stall has lasted; 0: none is reported */

    post_place place;     /* rank 0's */
    uint32_t address;     /* of its addresses, the one in use */
    uint64_t sequence;    /* of this rank's last datagram */
    watchdog_peer *peers; /* owned; on rank 0 [size], elsewhere [1]: rank 0 */
    stall_rank *table;    /* owned; on rank 0 [size]: for stall.h */
    pace_rank *paces;     /* owned; on rank 0 [size] */
    snapshot standing;    /* of comm_standing, on rank 0 */
    char text[WATCHDOG_TEXT_SIZE];
    char advice[INTERFACES_ADVICE_SIZE]; /* on the networks of this host */
};

/* Seconds; 0: never. */
comm_timeouts watchdog_timeouts(const watchdog *w);
/* Seconds between two reports of a rank to rank 0: about one, more in large jobs, less with short timeouts. */
double watchdog_interval(const comm_timeouts *t, int ranks);

/* What the thread does in turns, here at this time of clock_seconds. Returns how many seconds it may pause after it. */
double watchdog_turn(watchdog *w, double now);

/* Take all datagrams that have arrived; rank 0 answers each. */
void watchdog_receive(watchdog *w);
/* Report to rank 0. */
void watchdog_send(watchdog *w);

/* Rank 0: let other threads know how the ranks get on. */
void watchdog_tell(watchdog *w);

/* Report, end, or say that it goes on, as the time without progress asks for. */
void watchdog_check(watchdog *w);

#endif
