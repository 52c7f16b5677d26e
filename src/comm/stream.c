#include "comm/stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/trace.h"
#include "base/watch.h"
#include "comm/comm_private.h"

struct comm_stream {
    comm *c; /* not owned */
    size_t n, bucket;
    extent *out; /* owned; [out_count] */
    size_t out_count;
    flight rider;
    flight *flights;    /* owned; [capacity], a bucket each */
    trace_lane **lanes; /* owned; theirs, which are not; the last for buckets beyond those of the whole vector */
    size_t lane_count;
    size_t capacity, started;
    real *vectors; /* not owned */
    shard_range range;
    size_t nodes; /* of the front */
    size_t ready; /* elements from here on are final */
    size_t end;   /* elements from here on are on their way */
};

int comm_stream_create(comm_stream **out, comm *c, size_t n, size_t bucket)
{
    *out = NULL;
    comm_stream *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return error_set(LS_ENOMEM, "out of memory for sums between ranks");
    }
    s->c = c;
    s->n = n;
    s->bucket = bucket;
    s->capacity = s->lane_count = n / bucket + 1;
    s->flights = calloc(s->capacity, sizeof *s->flights);
    s->lanes = calloc(s->capacity, sizeof(trace_lane *));
    if (s->flights == NULL || s->lanes == NULL) {
        comm_stream_free(s);
        return error_set(LS_ENOMEM, "out of memory for sums between ranks");
    }
    for (size_t i = 0; i < s->lane_count; i++) {
        s->lanes[i] = trace_add_lane(TRACE_SUMMING, (int)i);
    }
    *out = s;
    return LS_OK;
}

void comm_stream_free(comm_stream *s)
{
    if (s == NULL) {
        return;
    }
    for (size_t i = 0; s->flights != NULL && i < s->capacity; i++) {
        flight_release(&s->flights[i]);
    }
    flight_release(&s->rider);
    free(s->out);
    free(s->lanes);
    free(s->flights);
    free(s);
}

int comm_stream_leave_out(comm_stream *s, const extent *spans, size_t count)
{
    const size_t capacity = s->lane_count + count;
    extent *out = calloc(count + 1, sizeof *out);
    if (out == NULL) {
        return error_set(LS_ENOMEM, "out of memory for sums between ranks");
    }
    if (capacity > s->capacity) {
        flight *flights = realloc(s->flights, capacity * sizeof *flights);
        if (flights == NULL) {
            free(out);
            return error_set(LS_ENOMEM, "out of memory for sums between ranks");
        }
        memset(flights + s->capacity, 0, (capacity - s->capacity) * sizeof *flights);
        s->flights = flights;
        s->capacity = capacity;
    }
    memcpy(out, spans, count * sizeof *out);
    free(s->out);
    s->out = out;
    s->out_count = count;
    return LS_OK;
}

/*
 * Where the bucket before `end` may begin at the least: at `ready`, or where what is left out ends. What is left out
 * right before `end` is passed over.
 */
static size_t bucket_start(comm_stream *s)
{
    for (size_t i = s->out_count; i-- > 0;) {
        const extent *o = &s->out[i];
        if (o->end >= s->end && o->first < s->end) {
            s->end = o->first > s->ready ? o->first : s->ready;
        } else if (o->end < s->end) {
            return o->end > s->ready ? o->end : s->ready;
        }
    }
    return s->ready;
}

void comm_stream_begin(comm_stream *s, real *vectors, const shard_range *range)
{
    tree_front front;
    tree_front_of(&front, range->first, range->count, range->total);
    s->vectors = vectors;
    s->range = *range;
    s->nodes = front.count;
    s->started = 0;
    s->ready = s->end = s->n;
}

/* out is written to, in flight. */ /* NOLINTNEXTLINE(readability-non-const-parameter) */
int comm_stream_attach(comm_stream *s, double *out, double *partials, size_t n)
{
    comm_reduce_shards(partials, n, &s->range);
    const flight_sum sum = {
        .e = &element_f64,
        .out = out,
        .vectors = partials,
        .stride = n,
        .n = n,
        .front = s->nodes,
        .total = s->range.total,
        .where = s->c->background,
        .tag = comm_next_tag(s->c),
    };
    return flight_start(&s->rider, s->c, &sum);
}

static trace_lane *lane_of(const comm_stream *s, size_t i)
{
    return s->lanes[i < s->lane_count ? i : s->lane_count - 1];
}

/* What has come of bucket i is a slice of its lane, up to the poll that has seen its end. */
static void note_end(const comm_stream *s, size_t i)
{
    if (!s->flights[i].active) {
        trace_end_on(lane_of(s, i));
    }
}

/* Elements from `from` on that are not yet on their way make a bucket. */
static int start_bucket(comm_stream *s, size_t from)
{
    static const trace_label label = {"sum over ranks", "messages", {"bytes"}};
    real *const at = s->vectors + from;
    const flight_sum sum = {
        .e = &element_real,
        .out = at,
        .vectors = at,
        .stride = s->n,
        .n = s->end - from,
        .front = s->nodes,
        .total = s->range.total,
        .where = s->c->background,
        .tag = comm_next_tag(s->c),
    };
    const size_t i = s->started++;
    s->end = from;
    trace_begin_on(lane_of(s, i), &label, (int64_t)(sum.n * element_real.width));
    const int code = flight_start(&s->flights[i], s->c, &sum);
    note_end(s, i);
    return code;
}

/* Start the buckets of all that is final; of the first part of it, only where it fills one or nothing more will come.
 */
static int start_buckets(comm_stream *s, int all)
{
    int code = LS_OK;
    while (code == LS_OK && s->end > s->ready) {
        const size_t from = bucket_start(s);
        const int whole = all || from > s->ready || s->end - from >= s->bucket;
        if (s->end <= from || !whole) {
            break;
        }
        code = start_bucket(s, from);
    }
    return code;
}

/* Get on with all flights; *active: those that have not arrived. */
static int poll_flights(comm_stream *s, size_t *active)
{
    int code = flight_poll(&s->rider);
    *active = s->rider.active != 0;
    for (size_t i = 0; code == LS_OK && i < s->started; i++) {
        if (s->flights[i].active) {
            code = flight_poll(&s->flights[i]);
            note_end(s, i);
        }
        *active += s->flights[i].active != 0;
    }
    return code;
}

int comm_stream_ready(comm_stream *s, size_t first)
{
    static const trace_label sending = {"gradient messages", "messages", {NULL}};
    size_t active = 0;
    const watch_phase before = watch_enter(WATCH_REDUCING);
    trace_begin(&sending);
    s->ready = first < s->ready ? first : s->ready;
    int code = start_buckets(s, 0);
    if (code == LS_OK) {
        code = poll_flights(s, &active);
    }
    trace_end();
    (void)watch_enter(before);
    return code;
}

static int sink_ready(void *context, size_t first)
{
    return comm_stream_ready(context, first);
}

gradient_sink comm_stream_sink(comm_stream *s)
{
    return (gradient_sink){sink_ready, s};
}

int comm_stream_finish(comm_stream *s)
{
    size_t active = 0;
    s->ready = 0;
    watch_collective_begin();
    int code = start_buckets(s, 1);
    do {
        if (code == LS_OK) {
            code = poll_flights(s, &active);
        }
    } while (code == LS_OK && active > 0);
    watch_collective_end();
    return code;
}
