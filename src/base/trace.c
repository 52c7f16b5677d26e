#include "base/trace.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/trace_private.h"

atomic_bool trace_is_open;

/* Changed by the thread that opened it. */
static trace_lane *lanes;
static bool lacks_lane;
static atomic_bool records, muted;
static _Atomic int64_t current_step;

static _Thread_local trace_lane *own;

trace_lane *trace_add_lane(trace_kind kind, int number)
{
    if (!trace_on()) {
        return NULL;
    }
    trace_lane *lane = calloc(1, sizeof *lane);
    if (lane == NULL) {
        lacks_lane = true;
        return NULL;
    }
    lane->kind = kind;
    lane->number = number;
    lane->next = lanes;
    lanes = lane;
    return lane;
}

void trace_adopt(trace_lane *lane)
{
    own = lane;
}

int trace_open(void)
{
    lacks_lane = false;
    atomic_store(&records, false);
    atomic_store(&muted, false);
    atomic_store(&current_step, 0);
    atomic_store(&trace_is_open, true);
    own = trace_add_lane(TRACE_TRAINING, 0);
    if (own == NULL) {
        atomic_store(&trace_is_open, false);
        return error_set(LS_ENOMEM, "out of memory for a trace");
    }
    return LS_OK;
}

void trace_close(void)
{
    trace_stop();
    own = NULL;
    while (lanes != NULL) {
        trace_lane *next = lanes->next;
        free(lanes->slices);
        free(lanes);
        lanes = next;
    }
}

int trace_reserve(const size_t slices[TRACE_KINDS])
{
    for (trace_lane *lane = lanes; lane != NULL; lane = lane->next) {
        const size_t room = slices[lane->kind];
        lane->slices = malloc((room + 1) * sizeof *lane->slices);
        if (lane->slices == NULL) {
            return error_set(LS_ENOMEM, "out of memory for a trace of %zu slices a thread; trace fewer steps", room);
        }
        memset((void *)lane->slices, 0, room * sizeof *lane->slices); /* no page is missing later */
        lane->room = room;
    }
    return lacks_lane ? error_set(LS_ENOMEM, "out of memory for a trace") : LS_OK;
}

/* What other threads find in their lanes was written before. */
void trace_start(void)
{
    atomic_store_explicit(&records, true, memory_order_release);
}

void trace_stop(void)
{
    atomic_store(&records, false);
    atomic_store(&trace_is_open, false);
}

void trace_step(int64_t step)
{
    atomic_store_explicit(&current_step, step, memory_order_relaxed);
}

void trace_mute(bool on)
{
    atomic_store_explicit(&muted, on, memory_order_relaxed);
}

const trace_lane *trace_lanes(void)
{
    return lanes;
}

uint64_t trace_dropped(void)
{
    uint64_t all = 0;
    for (trace_lane *lane = lanes; lane != NULL; lane = lane->next) {
        all += atomic_load_explicit(&lane->dropped, memory_order_relaxed);
    }
    return all;
}

static bool is_muted(const trace_lane *lane)
{
    return lane->kind != TRACE_SAVING && atomic_load_explicit(&muted, memory_order_relaxed);
}

/* The lane's next slice, begun now; NULL where it is not to be recorded, or has no room. */
static trace_slice *record(trace_lane *lane, const trace_label *label, const int64_t values[TRACE_VALUES])
{
    if (!atomic_load_explicit(&records, memory_order_acquire) || is_muted(lane)) {
        return NULL;
    }
    const size_t n = atomic_load_explicit(&lane->count, memory_order_relaxed);
    if (n == lane->room || lane->depth >= TRACE_DEPTH) {
        const uint64_t before = atomic_load_explicit(&lane->dropped, memory_order_relaxed);
        atomic_store_explicit(&lane->dropped, before + 1, memory_order_relaxed);
        return NULL;
    }
    if (lane->depth > 0 && lane->open[lane->depth - 1] == NULL) {
        return NULL; /* no part of what is not there */
    }
    trace_slice *s = &lane->slices[n];
    s->label = label;
    memcpy(s->values, values, sizeof s->values);
    s->step = atomic_load_explicit(&current_step, memory_order_relaxed);
    s->begin = clock_nanoseconds();
    atomic_store_explicit(&lane->count, n + 1, memory_order_release);
    return s;
}

static void push(trace_lane *lane, trace_slice *s)
{
    if (lane->depth < TRACE_DEPTH) {
        lane->open[lane->depth] = s;
    }
    lane->depth++;
}

void trace_begin_slice_on(trace_lane *lane, const trace_label *label, int64_t a)
{
    const int64_t values[TRACE_VALUES] = {a};
    push(lane, record(lane, label, values));
}

void trace_end_slice_on(trace_lane *lane)
{
    if (lane->depth == 0) {
        return; /* it began before the thread had the lane */
    }
    lane->depth--;
    trace_slice *s = lane->depth < TRACE_DEPTH ? lane->open[lane->depth] : NULL;
    if (s != NULL) {
        atomic_store_explicit(&s->ends, clock_nanoseconds(), memory_order_relaxed);
    }
}

void trace_begin_slice(const trace_label *label, int64_t a, int64_t b, int64_t c, int64_t d)
{
    const int64_t values[TRACE_VALUES] = {a, b, c, d};
    if (own != NULL) {
        push(own, record(own, label, values));
    }
}

void trace_begin_like(const trace_slice *other)
{
    if (own != NULL) {
        push(own, other != NULL ? record(own, other->label, other->values) : NULL);
    }
}

void trace_end_slice(void)
{
    if (own != NULL) {
        trace_end_slice_on(own);
    }
}

const trace_slice *trace_find_innermost(void)
{
    if (own == NULL || own->depth == 0 || own->depth > TRACE_DEPTH || is_muted(own)) {
        return NULL;
    }
    return own->open[own->depth - 1];
}
