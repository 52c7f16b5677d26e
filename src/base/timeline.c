#include "base/timeline.h"

#include <math.h>
#include <stdatomic.h>

#include "base/json.h"
#include "base/trace_private.h"

/* Numbers of processes and lanes, which viewers want above 0 and, for lanes, different in all processes. */
enum { LANES_OF_PROCESS = 1000 };

static int process_number(const timeline_process *p)
{
    return p->rank + 1;
}

int64_t timeline_common(const timeline_clock *c, int64_t time)
{
    const double span = (double)(c->at[1] - c->at[0]);
    const double part = span > 0 ? (double)(time - c->at[0]) / span : 0;
    return time - (c->ahead[0] + llround(part * (double)(c->ahead[1] - c->ahead[0])));
}

static void name_of_lane(char *out, size_t size, const trace_lane *lane)
{
    static const char *const names[TRACE_KINDS] = {
        [TRACE_TRAINING] = "computing",       [TRACE_COMPUTING] = "computing", [TRACE_SUMMING] = "gradient bucket",
        [TRACE_LOADING] = "loading pictures", [TRACE_SAVING] = "saving",
    };
    (void)snprintf(out, size, "%s %d", names[lane->kind], lane->number);
}

static void begin_event(json *j, const timeline_process *p, int64_t lane, const char *kind, const char *name)
{
    json_open(j, NULL, '{');
    json_text(j, "ph", kind);
    json_whole(j, "pid", process_number(p));
    json_whole(j, "tid", lane);
    json_text(j, "name", name);
}

/* A fact about the process or a lane: what it is called, or where it stands. */
static void write_fact(json *j, const timeline_process *p, int64_t lane, const char *fact, const char *text,
                       int64_t number)
{
    begin_event(j, p, lane, "M", fact);
    json_open(j, "args", '{');
    if (text != NULL) {
        json_text(j, "name", text);
    } else {
        json_whole(j, "sort_index", number);
    }
    json_close(j, '}');
    json_close(j, '}');
}

static const char *name_of_slice(const timeline_process *p, const trace_slice *s)
{
    const uint64_t layer = (uint64_t)s->values[0];
    if (s->label->name != NULL) {
        return s->label->name;
    }
    return layer < p->layer_count ? p->layers[layer] : "a layer";
}

static void write_slice(json *j, const timeline_process *p, const trace_lane *lane, int64_t number,
                        const trace_slice *s)
{
    const int64_t seen = atomic_load_explicit(&s->ends, memory_order_relaxed);
    const bool finished = seen != 0 && seen <= p->now;
    const int64_t begin = timeline_common(&p->clock, s->begin);
    const int64_t end = timeline_common(&p->clock, finished ? seen : p->now);
    begin_event(j, p, number, "X", name_of_slice(p, s));
    json_text(j, "cat", s->label->category);
    json_thousandths(j, "ts", begin - p->zero); /* microseconds */
    json_thousandths(j, "dur", end - begin);
    json_open(j, "args", '{');
    if (lane->kind <= TRACE_SUMMING) {
        json_whole(j, "step", s->step);
    }
    for (int i = 0; i < TRACE_VALUES && s->label->keys[i] != NULL; i++) {
        json_whole(j, s->label->keys[i], s->values[i]);
    }
    if (!finished) {
        json_whole(j, "unfinished", 1);
    }
    json_close(j, '}');
    json_close(j, '}');
}

/* What a thread was about to record as the trace stopped may have begun after `now`. */
static void write_lane(json *j, const timeline_process *p, const trace_lane *lane, int64_t number, uint64_t *slices)
{
    char name[64];
    const size_t count = atomic_load_explicit(&lane->count, memory_order_acquire);
    if (count == 0 && lane->kind == TRACE_SUMMING) {
        return; /* no bucket, but room for one */
    }
    name_of_lane(name, sizeof name, lane);
    write_fact(j, p, number, "thread_name", name, 0);
    write_fact(j, p, number, "thread_sort_index", NULL, number);
    for (size_t i = 0; i < count; i++) {
        if (lane->slices[i].begin <= p->now) {
            write_slice(j, p, lane, number, &lane->slices[i]);
            (*slices)++;
        }
    }
}

static bool comes_before(const trace_lane *a, const trace_lane *b)
{
    return a->kind != b->kind ? a->kind < b->kind : a->number < b->number;
}

/* The lane after this one (NULL: the first) by kind and number. */
static const trace_lane *lane_after(const trace_lane *before)
{
    const trace_lane *next = NULL;
    for (const trace_lane *lane = trace_lanes(); lane != NULL; lane = lane->next) {
        if ((before == NULL || comes_before(before, lane)) && (next == NULL || comes_before(lane, next))) {
            next = lane;
        }
    }
    return next;
}

void timeline_write(FILE *to, const timeline_process *p, uint64_t *slices)
{
    char name[300];
    json j = {.to = to, .depth = 2, .began = p->rank > 0}; /* within the list that the head opens */
    int64_t number = (int64_t)LANES_OF_PROCESS * process_number(p);
    *slices = 0;
    (void)snprintf(name, sizeof name, "rank %d on %s", p->rank, p->host);
    write_fact(&j, p, number, "process_name", name, 0);
    write_fact(&j, p, number, "process_sort_index", NULL, p->rank);
    for (const trace_lane *lane = lane_after(NULL); lane != NULL; lane = lane_after(lane)) {
        write_lane(&j, p, lane, number++, slices);
    }
}

void timeline_head(FILE *to, const timeline_facts *f)
{
    json j = {.to = to};
    json_open(&j, NULL, '{');
    json_text(&j, "displayTimeUnit", "ms");
    json_open(&j, "otherData", '{');
    json_text(&j, "program", f->program);
    json_text(&j, "run", f->run);
    json_whole(&j, "ranks", f->ranks);
    json_whole(&j, "first_step", f->first);
    json_whole(&j, "last_step", f->last);
    json_thousandths(&j, "clock_error_us", f->clock_error);
    json_whole(&j, "dropped", (int64_t)f->dropped);
    json_close(&j, '}');
    json_open(&j, "traceEvents", '[');
}

void timeline_tail(FILE *to)
{
    json j = {.to = to, .depth = 2, .began = 1};
    json_close(&j, ']');
    json_close(&j, '}');
}
