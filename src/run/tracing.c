#include "run/tracing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/output.h"
#include "base/text.h"
#include "base/timeline.h"
#include "base/trace.h"
#include "base/watch.h"
#include "model/cost.h"

static const char a_timeline[] = "a timeline";

int tracing_open(tracing *t, const tracing_options *o, const char *run, const char *program)
{
    *t = (tracing){.o = *o, .run = run, .program = program};
    return o->file != NULL ? trace_open() : LS_OK;
}

static int name_layers(tracing *t, const model_options *m)
{
    model_cost *costs = NULL;
    text_builder names = {0};
    size_t count = 0;
    const int code = model_costs(&costs, &count, m);
    if (code != LS_OK) {
        return code;
    }
    for (size_t i = 0; i < count; i++) {
        text_add_bytes(&names, costs[i].name, strlen(costs[i].name) + 1);
    }
    free(costs);
    t->layers = text_take_list(&names, &t->layer_count);
    return t->layers != NULL ? LS_OK : error_set(LS_ENOMEM, "out of memory for a trace");
}

/* Twice what a step of MobileNetV2 was seen to take, and more; where that is too little, slices are counted as missing.
 */
static int reserve(const tracing *t, const model_options *m)
{
    const size_t steps = (size_t)(t->last - t->first + 1);
    const size_t layers = t->layer_count;
    const size_t pictures = m->max_shards * m->shard_size + 1;
    const size_t ahead = 4; /* batches that a loader is ahead, and the one at hand */
    const size_t slices[TRACE_KINDS] = {
        [TRACE_TRAINING] = steps * (layers * 16 + 128),
        [TRACE_COMPUTING] = steps * (layers * 8 + 64),
        [TRACE_SUMMING] = steps * 2 + 2,
        [TRACE_LOADING] = (steps + ahead) * pictures * 4, /* one of the threads may load all of them */
        [TRACE_SAVING] = steps * 2 + 8,
    };
    return trace_reserve(slices);
}

int tracing_prepare(tracing *t, const session *s)
{
    const uint64_t done = s->replica.state.step;
    const model_options m = session_network(&s->options, dataset_classes(s->data), comm_size(s->c));
    if (t->o.file == NULL) {
        return LS_OK;
    }
    t->first = t->o.first > 0 ? t->o.first : done + TRACING_WARM_UP + 1;
    t->last = t->o.first > 0 ? t->o.last : done + TRACING_WARM_UP + t->o.count;
    t->over = t->last <= done;
    const int code = t->over ? LS_OK : name_layers(t, &m);
    return t->over || code != LS_OK ? code : reserve(t, &m);
}

void tracing_print(const tracing *t, const session *s)
{
    if (t->o.file != NULL && t->over) {
        log_warn("steps %" PRIu64 " to %" PRIu64 " were to be traced, but the run goes on from step %" PRIu64
                 ": %s is not written",
                 t->first, t->last, s->replica.state.step, t->o.file);
    } else if (t->o.file != NULL) {
        log_info("steps %" PRIu64 " to %" PRIu64 " are traced, for %s", t->first, t->last, t->o.file);
    }
}

/* What a rank brings. */
typedef struct part {
    uint64_t bytes, slices, dropped;
    int64_t clock_error;
} part;

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* This rank's text, for free(). */
static int make_text(char **text, part *out, const tracing *t, const session *s, const comm_clock *now)
{
    char host[256];
    size_t size = 0;
    (void)snprintf(host, sizeof host, "%s", comm_node_name(s->c));
    text_make_plain(host);
    const timeline_process process = {
        .rank = comm_rank(s->c),
        .host = host,
        .layers = (const char *const *)t->layers,
        .layer_count = t->layer_count,
        .clock = {{t->clock.at, now->at}, {t->clock.ahead, now->ahead}},
        .zero = t->zero,
        .now = now->at,
    };
    *out = (part){.dropped = trace_dropped(), .clock_error = larger(t->clock.error, now->error)};
    FILE *to = open_memstream(text, &size);
    if (to != NULL) {
        timeline_write(to, &process, &out->slices);
    }
    const bool whole = to != NULL && ferror(to) == 0;
    if (to == NULL || fclose(to) != 0 || !whole) {
        return error_set(LS_ENOMEM, "%s: out of memory for a timeline; trace fewer steps", t->o.file);
    }
    out->bytes = size;
    return LS_OK;
}

/* The parts of all ranks as one. Rank 0's. */
static part sum_parts(const part *all, int ranks)
{
    part sum = {0};
    for (int r = 0; r < ranks; r++) {
        sum.bytes += all[r].bytes;
        sum.slices += all[r].slices;
        sum.dropped += all[r].dropped;
        sum.clock_error = larger(sum.clock_error, all[r].clock_error);
    }
    return sum;
}

static int add_text(void *context, const void *bytes, size_t n)
{
    const output_file *f = context;
    return fwrite(bytes, 1, n, f->to) == n ? LS_OK : error_set(LS_EIO, "%s: cannot be written: %m", f->path);
}

static int begin_file(output_file *f, const tracing *t, const session *s, const part *sum)
{
    char run[CHECKPOINT_PATH_SIZE];
    (void)snprintf(run, sizeof run, "%s", t->run);
    text_make_plain(run);
    const timeline_facts facts = {
        .program = t->program,
        .run = run,
        .first = (int64_t)t->from,
        .last = (int64_t)s->replica.state.step,
        .ranks = comm_size(s->c),
        .clock_error = sum->clock_error,
        .dropped = sum->dropped,
    };
    const int code = output_begin(f, t->o.file);
    if (code == LS_OK) {
        timeline_head(f->to, &facts);
    }
    return code;
}

/* The texts of all ranks, in one file. Collective. */
static int write_file(const tracing *t, const session *s, const char *text, size_t size, const part *sum)
{
    output_file file = {0};
    const bool leads = comm_rank(s->c) == 0;
    int code = comm_agree(s->c, leads ? begin_file(&file, t, s, sum) : LS_OK);
    if (code == LS_OK) {
        code = comm_collect(s->c, text, size, add_text, &file);
    }
    if (!leads) {
        return code != LS_OK ? code : comm_agree(s->c, code);
    }
    if (code == LS_OK) {
        timeline_tail(file.to);
    }
    const int ended = output_end(&file, a_timeline, code);
    return code != LS_OK ? code : comm_agree(s->c, ended);
}

static void report(const tracing *t, const session *s, const part *sum)
{
    log_info("steps %" PRIu64 " to %" PRIu64 " of %d rank%s are in %s (%.1f MB, %" PRIu64
             " slices): open it in ui.perfetto.dev or chrome://tracing",
             t->from, s->replica.state.step, comm_size(s->c), comm_size(s->c) == 1 ? "" : "s", t->o.file,
             (double)sum->bytes / 1e6, sum->slices);
    if (sum->clock_error > 0) {
        log_info("times of different hosts in it may be %.0f us apart at most", (double)sum->clock_error / 500);
    }
    if (sum->dropped > 0) {
        log_warn("%s: %" PRIu64 " slices are missing, as they found no room; trace fewer steps", t->o.file,
                 sum->dropped);
    }
    if (s->replica.state.step < t->last) {
        log_warn("%s: training ended before the last step that was to be traced, %" PRIu64, t->o.file, t->last);
    }
}

/* Collective; a failure is that of all ranks. */
static int gather(tracing *t, const session *s)
{
    comm_clock now;
    char *text = NULL;
    void *parts = NULL;
    part mine = {0};
    part sum = {0};
    int code = comm_compare_clocks(s->c, clock_nanoseconds, &now);
    if (code == LS_OK) {
        code = comm_broadcast(s->c, &t->zero, sizeof t->zero);
    }
    if (code == LS_OK) {
        code = comm_agree(s->c, make_text(&text, &mine, t, s, &now));
    }
    if (code == LS_OK) {
        code = comm_gather(s->c, &mine, sizeof mine, &parts);
    }
    if (code == LS_OK) {
        sum = parts != NULL ? sum_parts(parts, comm_size(s->c)) : mine;
        code = write_file(t, s, text, (size_t)mine.bytes, &sum);
    }
    if (code == LS_OK) {
        report(t, s, &sum);
    }
    free(parts);
    free(text);
    return code;
}

/* The steps are over. */
static int write_timeline(tracing *t, const session *s)
{
    const watch_phase before = watch_enter(WATCH_LOGGING);
    trace_stop();
    t->over = true;
    const int code = gather(t, s);
    (void)watch_enter(before);
    if (code == LS_ECOMM) {
        return comm_or_abort(s->c, code);
    }
    if (code != LS_OK) {
        error_save(&t->failure, code == LS_EUSAGE ? LS_EIO : code); /* of what stands there by now */
        log_warn("no timeline of the steps is written: %s", error_message());
    }
    return LS_OK;
}

static int begin_tracing(tracing *t, const session *s)
{
    t->zero = clock_nanoseconds();
    const int code = comm_or_abort(s->c, comm_compare_clocks(s->c, clock_nanoseconds, &t->clock));
    t->begun = true;
    t->from = s->replica.state.step + 1;
    trace_start();
    return code;
}

static void go_on(tracing *t)
{
    if (t->paused) {
        trace_mute(false);
        trace_end();
    }
    t->paused = false;
}

int tracing_begin_step(tracing *t, const session *s)
{
    static const trace_label label = {"step", "step", {NULL}};
    const uint64_t step = s->replica.state.step + 1;
    int code = LS_OK;
    if (t->o.file == NULL || t->over || step < t->first) {
        return LS_OK;
    }
    if (!t->begun) {
        code = begin_tracing(t, s);
    }
    go_on(t);
    trace_step((int64_t)step);
    trace_begin(&label);
    return code;
}

int tracing_end_step(tracing *t, const session *s)
{
    if (!t->begun || t->over) {
        return LS_OK;
    }
    trace_end();
    return s->replica.state.step >= t->last ? write_timeline(t, s) : LS_OK;
}

void tracing_pause(tracing *t)
{
    static const trace_label label = {"between epochs", "step", {NULL}};
    if (t->begun && !t->over) {
        trace_begin(&label);
        trace_mute(true);
        t->paused = true;
    }
}

int tracing_finish(tracing *t, const session *s, int code)
{
    saved_error reason;
    if (t->begun && !t->over && code != LS_ECOMM) {
        error_save(&reason, code);
        go_on(t);
        const int wrote = write_timeline(t, s);
        code = wrote != LS_OK ? wrote : error_restore(&reason);
    } else if (t->o.file != NULL && !t->begun && !t->over && code >= LS_OK) {
        log_warn("%s is not written: training ended with step %" PRIu64
                 ", before the first that was to be traced, %" PRIu64,
                 t->o.file, s->replica.state.step, t->first);
    }
    return code;
}

int tracing_failure(const tracing *t)
{
    return error_restore(&t->failure);
}

void tracing_release(tracing *t)
{
    trace_close();
    free(t->layers);
    *t = (tracing){0};
}
