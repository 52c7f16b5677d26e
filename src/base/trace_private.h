#ifndef LOCKSTEP_BASE_TRACE_PRIVATE_H
#define LOCKSTEP_BASE_TRACE_PRIVATE_H

#include "base/trace.h"

/* What base/timeline.c reads of a trace. */

struct trace_slice {
    const trace_label *label;
    int64_t begin;        /* clock_nanoseconds */
    _Atomic int64_t ends; /* the same; 0: it has not ended. The one field that changes once the slice is counted */
    int64_t step;
    int64_t values[TRACE_VALUES];
};

/* Slices that are open at once, and so deep within each other. */
enum { TRACE_DEPTH = 24 };

struct trace_lane {
    trace_lane *next;
    trace_kind kind;
    int number;
    trace_slice *slices; /* owned; [room], in the order in which they began. NULL until trace_reserve */
    size_t room;
    atomic_size_t count; /* of those that are all there */
    _Atomic uint64_t dropped;

    /* Of the thread whose lane it is. */
    int depth;                      /* slices that are open, recorded or not */
    trace_slice *open[TRACE_DEPTH]; /* NULL: not recorded */
};

/* The first of the lanes, in no order; NULL where there are none. */
const trace_lane *trace_lanes(void);

#endif
