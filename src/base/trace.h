#ifndef LOCKSTEP_BASE_TRACE_H
#define LOCKSTEP_BASE_TRACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What this process did when: slices of time on lanes. There is a lane for each thread, and one for each thing that
 * goes on beside the threads, such as a message under way; the slices of a lane follow each other or lie within each
 * other. A slice is two readings of the clock and some stores into memory that was taken before: no lock, no
 * allocation. Where no trace is open, it is one branch. base/timeline.h makes a text of it.
 */
typedef enum trace_kind {
    TRACE_TRAINING,  /* the thread that opened the trace */
    TRACE_COMPUTING, /* another thread of a pool */
    TRACE_SUMMING,   /* a part of the gradient on its way between ranks */
    TRACE_LOADING,   /* a thread of a loader */
    TRACE_SAVING,    /* the thread that writes checkpoints */
    TRACE_KINDS
} trace_kind;

enum { TRACE_VALUES = 4 };

/* What slices are called that begin at one place of the program. Static. */
typedef struct trace_label {
    const char *name; /* NULL: as the layer whose number is the first value */
    const char *category;
    const char *keys[TRACE_VALUES]; /* what its values are called; NULL: there are no more */
} trace_label;

typedef struct trace_lane trace_lane;
typedef struct trace_slice trace_slice;

/*
 * One trace at a time. The calling thread gets the lane TRACE_TRAINING; everything but trace_adopt, and the slices of
 * threads that have adopted a lane, is its alone. Nothing is recorded yet. Returns 0 or LS_ENOMEM.
 */
int trace_open(void);
/* All other threads with lanes have ended. Without trace_open nothing happens. */
void trace_close(void);

/*
 * A lane more, called by its kind and number; NULL where no trace is open. Owned by the trace. A lane that there was no
 * memory for is reported by trace_reserve.
 */
trace_lane *trace_add_lane(trace_kind kind, int number);
/* The calling thread's slices are on this lane from now on. NULL: on none. */
void trace_adopt(trace_lane *lane);

/* Take memory for so many slices on each lane of a kind, and touch it. Once, when all lanes are there. LS_ENOMEM. */
int trace_reserve(const size_t slices[TRACE_KINDS]);

/* Slices that begin from now on are recorded, and after trace_stop no more; nor is what lies within others. Once. */
void trace_start(void);
void trace_stop(void);
/* The training step from now on; it is noted with each slice of the first three kinds. */
void trace_step(int64_t step);
/* While it is muted, slices that begin are recorded on lanes TRACE_SAVING only. */
void trace_mute(bool on);

/* Slices that found no room. */
uint64_t trace_dropped(void);

extern atomic_bool trace_is_open;
void trace_begin_slice(const trace_label *label, int64_t a, int64_t b, int64_t c, int64_t d);
void trace_begin_like(const trace_slice *other);
void trace_end_slice(void);
void trace_begin_slice_on(trace_lane *lane, const trace_label *label, int64_t a);
void trace_end_slice_on(trace_lane *lane);
const trace_slice *trace_find_innermost(void);

static inline bool trace_on(void)
{
    return atomic_load_explicit(&trace_is_open, memory_order_relaxed);
}

/* Around what makes a slice of the calling thread's lane, with its values: each begin has its end, in the same thread.
 */
static inline void trace_begin_with(const trace_label *label, int64_t a, int64_t b, int64_t c, int64_t d)
{
    if (trace_on()) {
        trace_begin_slice(label, a, b, c, d);
    }
}

static inline void trace_begin_of(const trace_label *label, int64_t a)
{
    trace_begin_with(label, a, 0, 0, 0);
}

static inline void trace_begin(const trace_label *label)
{
    trace_begin_with(label, 0, 0, 0, 0);
}

static inline void trace_end(void)
{
    if (trace_on()) {
        trace_end_slice();
    }
}

/* The same on a lane that is no thread's; NULL is fine. */
static inline void trace_begin_on(trace_lane *lane, const trace_label *label, int64_t a)
{
    if (lane != NULL) {
        trace_begin_slice_on(lane, label, a);
    }
}

static inline void trace_end_on(trace_lane *lane)
{
    if (lane != NULL) {
        trace_end_slice_on(lane);
    }
}

/*
 * What the calling thread is at: its innermost slice, NULL where that is not recorded. Another thread that works for it
 * begins a slice like it, and ends that with trace_end; like NULL, it is not recorded either.
 */
static inline const trace_slice *trace_innermost(void)
{
    return trace_on() ? trace_find_innermost() : NULL;
}

static inline void trace_begin_as(const trace_slice *other)
{
    if (trace_on()) {
        trace_begin_like(other);
    }
}

#endif
