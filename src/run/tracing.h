#ifndef LOCKSTEP_RUN_TRACING_H
#define LOCKSTEP_RUN_TRACING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "comm/comm.h"
#include "train/session.h"

/*
 * A timeline of some steps of a run (docs/timeline.md): what each thread of each rank did when (base/trace.h), put
 * together by rank 0 and written once the last of the steps is done, or where training ends before.
 */
enum { TRACING_WARM_UP = 5, TRACING_STEPS = 10, TRACING_MOST_STEPS = 200 };

typedef struct tracing_options {
    const char *file;     /* rank 0's; not owned; NULL: nothing is traced */
    uint64_t first, last; /* steps, counted from 1 as the log does; 0, 0: some steps after the start, or the resume */
    uint64_t count;       /* how many then; the first TRACING_WARM_UP, which are slower, are passed over */
} tracing_options;

/* Starts as zeros. */
typedef struct tracing {
    tracing_options o;
    const char *run;      /* not owned: what the run is called */
    const char *program;  /* not owned: its version */
    uint64_t first, last; /* steps to trace */
    uint64_t from;        /* the first that was */
    bool begun, over;     /* once begun, it is written before it is over */
    bool paused;
    comm_clock clock; /* as it began */
    int64_t zero;     /* of rank 0's clock */
    char **layers;    /* owned: their names; one block */
    size_t layer_count;
    saved_error failure; /* to write it, the same on all ranks */
} tracing;

/* Before the session is opened, whose threads are to be traced. Texts: as t->run. Returns 0 or LS_ENOMEM. */
int tracing_open(tracing *t, const tracing_options *o, const char *run, const char *program);
/* The session is open, its state the one to go on from: take memory. Returns 0 or LS_ENOMEM, of this rank. */
int tracing_prepare(tracing *t, const session *s);
/* Say what will be traced. */
void tracing_print(const tracing *t, const session *s);

/*
 * Around each step. Collective; a failure of messages has ended the job, or is returned. That the file cannot be
 * written is a warning here, and for tracing_failure to tell.
 */
int tracing_begin_step(tracing *t, const session *s);
int tracing_end_step(tracing *t, const session *s);
/* After the last step of an epoch: until the next step, what this thread does is one slice. */
void tracing_pause(tracing *t);

/* Training is over, with this code: write what has not been written. Returns code, or as the two above. Collective. */
int tracing_finish(tracing *t, const session *s, int code);

/* 0, or what kept the file from being written, the same on all ranks. */
int tracing_failure(const tracing *t);

/* The threads of the session have ended. */
void tracing_release(tracing *t);

#endif
