#include "run/outputs.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "base/trace.h"

/* What a failed write comes of, where the disk is full. */
static int explain(const outputs *out, int code)
{
    return run_folder_explain_room(out->o->run_dir, code, saver_room(&out->s->replica.state), out->o->checkpoint.keep);
}

static int open_files(outputs *out)
{
    char path[CHECKPOINT_PATH_SIZE];
    const trainer_options *o = out->o;
    int code = run_folder_make(o->run_dir);
    if (code == LS_OK && o->fresh) {
        code = run_folder_clear(o->folder);
    }
    if (code == LS_OK) {
        code = run_folder_tidy(o->folder);
    }
    if (code == LS_OK) { /* the log needs room too */
        code = run_folder_prune(o->folder, o->checkpoint.keep, o->checkpoint.keep_best);
    }
    if (code == LS_OK) {
        code = run_folder_file(path, sizeof path, o->run_dir, "train.log");
    }
    if (code == LS_OK) {
        code = log_open(path);
    }
    if (code == LS_OK) {
        code = run_folder_file(path, sizeof path, o->run_dir, "log.h5");
    }
    if (code == LS_OK) {
        code = runlog_open(&out->log, path, &out->s->replica.state);
    }
    if (code == LS_OK) {
        code = tensorboard_open(&out->events, out->s, o);
    }
    return explain(out, code);
}

static int start_saver(outputs *out)
{
    const size_t count = dataset_classes(out->s->data);
    out->classes = calloc(count + 1, sizeof *out->classes);
    if (out->classes == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the names of classes");
    }
    for (size_t i = 0; i < count; i++) {
        out->classes[i] = dataset_class_name(out->s->data, i);
    }
    saver_options options = {
        .state = &out->s->replica.state,
        .run_dir = out->o->run_dir,
        .folder = out->o->folder,
        .logs = {runlog_path(out->log)},
        .keep = out->o->checkpoint.keep,
        .keep_best = out->o->checkpoint.keep_best,
    };
    (void)tensorboard_paths(options.logs + 1, out->events);
    return saver_create(&out->saver, &options);
}

/* Before the log is another one. */
static int observe(outputs *out)
{
    char path[CHECKPOINT_PATH_SIZE];
    const int code = run_folder_file(path, sizeof path, out->o->run_dir, "log.h5");
    const char *log = out->o->resume != NULL ? path : NULL;
    return code == LS_OK ? observation_open(&out->seen, out->s, &out->o->log.instrument, log) : code;
}

int outputs_open(outputs *out, const session *s, const trainer_options *o)
{
    *out = (outputs){.s = s, .o = o};
    int code = observe(out);
    if (code == LS_OK) {
        code = open_files(out);
    }
    if (code == LS_OK) {
        code = start_saver(out);
    }
    return code;
}

void outputs_release(outputs *out)
{
    saved_error reason; /* which closing must not replace */
    error_save(&reason, LS_ERROR);
    (void)runlog_close(out->log);
    (void)tensorboard_close(out->events);
    (void)error_restore(&reason);
    saver_free(out->saver);
    observation_release(&out->seen);
    free(out->classes);
    *out = (outputs){0};
}

int outputs_step(outputs *out, const step_metrics *m, const checkpoint_epoch *now)
{
    static const trace_label logging = {"log", "step", {NULL}};
    const runlog_step_row row = {
        .step = out->s->replica.state.step,
        .loss = m->cross_entropy + m->penalty,
        .cross_entropy = m->cross_entropy,
        .accuracy = m->correct / m->samples,
        .learning_rate = m->rate,
    };
    const instrument_row *measured = NULL;
    trace_begin(&logging);
    live_step(out->o->alive, &out->s->replica.state, m, now);
    int code = runlog_step(out->log, &row);
    if (code == LS_OK) {
        code = tensorboard_step(out->events, &row);
    }
    if (code == LS_OK) {
        code = observation_take(&out->seen, out->s, &measured);
    }
    if (code == LS_OK && measured != NULL) {
        code = runlog_sample(out->log, measured);
    }
    if (code == LS_OK && measured != NULL) {
        code = tensorboard_sample(out->events, measured, &out->seen.points[out->seen.count - 1], out->seen.by);
    }
    trace_end();
    return explain(out, code);
}

int outputs_precise(outputs *out, double accuracy)
{
    return explain(out, tensorboard_precise(out->events, accuracy));
}

int outputs_epoch(outputs *out, const runlog_epoch_row *row)
{
    char stand[OBSERVATION_LINE_SIZE];
    if (observation_line(stand, sizeof stand, &out->seen, out->s)[0] != '\0') {
        log_info("filters: %s", stand);
    }
    live_epoch(out->o->alive, row, stand);
    int code = runlog_epoch(out->log, row, state_weights(&out->s->replica.state));
    if (code == LS_OK) {
        code = tensorboard_epoch(out->events, row, stand);
    }
    return explain(out, code);
}

/* A resume finds the rows and events that it keeps. */
static int flush(const outputs *out)
{
    const int code = runlog_flush(out->log);
    return code == LS_OK ? tensorboard_flush(out->events) : code;
}

int outputs_save(outputs *out, const session_history *at, const epoch_validation *val)
{
    const session *s = out->s;
    checkpoint_info info = {
        .seed = s->options.order.seed,
        .height = s->options.data.height,
        .width = s->options.data.width,
        .data_checksum = dataset_fingerprint(s->data),
        .orientation = session_turns(s) ? CHECKPOINT_TURNED : CHECKPOINT_AS_STORED,
        .now = at->now,
        .val_loss = val->weights.loss,
        .val_cross_entropy = val->weights.cross_entropy,
        .val_accuracy = val->weights.accuracy,
        .moving_distance = at->moving_distance,
        .score = val->score,
        .best_score = at->best_score,
        .best_epoch = at->best_epoch,
        .config = out->o->config,
        .experiment = out->o->experiment,
        .normalization = out->o->normalization,
        .program = out->o->program,
        .classes = (char **)out->classes, /* writing only reads them */
        .class_count = dataset_classes(s->data),
    };
    checkpoint_set_network(&info, &s->options.network);
    const int code = explain(out, flush(out));
    return code == LS_OK ? saver_start(out->saver, &info, &s->replica.state) : code;
}

static void print_costs(const outputs *out, double seconds)
{
    const double waited = loader_waited(out->s->train);
    if (seconds <= 0) {
        return;
    }
    log_info("pictures: training waited for them for %.3f s on rank 0, %.2f%% of %.1f s", waited,
             100 * waited / seconds, seconds);
    const saver_cost cost = saver_costs(out->saver);
    if (cost.written > 0) {
        log_info("checkpoints written: %llu; they held training up for %.3f s and took %.3f s of a processor beside "
                 "it, %.2f%% of %.1f s",
                 (unsigned long long)cost.written, cost.waited, cost.busy, 100 * (cost.waited + cost.busy) / seconds,
                 seconds);
    }
}

int outputs_finish(outputs *out, int code, double seconds)
{
    if (out->saver == NULL) {
        return code;
    }
    if (code == LS_OK) {
        code = saver_finish(out->saver);
    }
    print_costs(out, seconds);
    const int rows = runlog_close(out->log);
    const int events = tensorboard_close(out->events);
    out->log = NULL;
    out->events = NULL;
    code = code == LS_OK ? rows : code;
    return code == LS_OK ? events : code;
}
