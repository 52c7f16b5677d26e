#include "run/trainer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/trace.h"
#include "optim/average.h"
#include "run/advice.h"
#include "run/epoch.h"
#include "run/launch.h"
#include "run/outputs.h"
#include "run/overview.h"
#include "run/stages.h"
#include "run/timing.h"
#include "run/validation.h"
#include "train/features.h"
#include "train/first_weights.h"
#include "train/kernel_path.h"
#include "train/moving.h"
#include "train/norms_of.h"
#include "train/progress.h"
#include "train/replicas.h"

enum { LINE_SIZE = 2000 };

typedef struct trainer {
    session s;
    const trainer_options *o; /* not owned */
    session_history at;
    requests when;
    unsigned requests;  /* agreed on, and not yet fulfilled */
    int failure;        /* local error, agreed on with the next step */
    size_t own_samples; /* of this rank, since moving statistics were last averaged over ranks */
    bool averaged;      /* no step since then */
    size_t normalized;  /* samples that BatchNorm went over in the last step of this rank; 0: none was taken */
    bool warned;        /* that validation suffers from the moving statistics */
    advice advised;
    outputs files; /* rank 0 only */
    tracing traced;
    timing time;      /* rank 0's */
    real *population; /* moving_size, with precise validation; else NULL */
    const tensor_info *printed;
    norm_hold norms; /* with decay.norms_of */
} trainer;

static bool leads(const trainer *t)
{
    return comm_rank(t->s.c) == 0;
}

static int find_printed(trainer *t)
{
    const tensor_table *table = model_table(t->s.replica.net);
    for (size_t i = 0; i < table->layer_count; i++) {
        const layer_info *layer = &table->layers[i];
        if (strcmp(layer->name, t->o->log.print_layer) == 0 && layer->count > 0) {
            t->printed = &table->tensors[layer->first];
            return LS_OK;
        }
    }
    return error_set(LS_EUSAGE,
                     "log.print_layer: '%s' is not a layer with weights; give one such as conv2d, conv2d_34 or dense",
                     t->o->log.print_layer);
}

static void print_weights(const trainer *t, const char *when)
{
    char text[LINE_SIZE];
    const size_t count = t->o->log.print_count < t->printed->size ? t->o->log.print_count : t->printed->size;
    const real *values = state_values(&t->s.replica.state, t->printed);
    if (count > 0) {
        log_info("%s %s %s", when, t->o->log.print_layer, progress_weights(text, sizeof text, values, count));
    }
}

static bool out_of_patience(const trainer *t)
{
    return train_out_of_patience(&t->o->session.train, t->s.replica.state.epoch, t->at.best_epoch);
}

/* Whether the state has nothing to train. */
static bool all_done(const trainer *t)
{
    return train_is_over(&t->o->session.train, t->s.replica.state.epoch, t->at.best_epoch);
}

/* Whether the restored state has nothing before it: then the run's folder stays as it is. */
static bool done_before(const trainer *t)
{
    return t->o->resume != NULL && all_done(t);
}

/* How long an epoch is, only the data set may say. */
static int check_counters(const trainer *t)
{
    const uint64_t steps = loader_steps(t->s.train);
    const uint64_t within = t->s.replica.state.position / t->o->session.order.batch;
    if (within > steps || t->s.replica.state.step != t->s.replica.state.epoch * steps + within) {
        return error_set(
            LS_EFORMAT,
            "%s: step %llu does not fit %llu epochs of %llu steps and %llu more; it was changed after it was "
            "written, use another checkpoint",
            t->o->resume, (unsigned long long)t->s.replica.state.step, (unsigned long long)t->s.replica.state.epoch,
            (unsigned long long)steps, (unsigned long long)within);
    }
    return LS_OK;
}

/* Whether the restored state can go on with this configuration and data. */
static int check_resumed(const trainer *t)
{
    if (t->s.replica.state.position % t->o->session.order.batch != 0) {
        return error_set(LS_EUSAGE, "%s: stands within a batch; resume with the batch size it was made with",
                         t->o->resume);
    }
    if (t->at.data_checksum != dataset_fingerprint(t->s.data)) {
        return error_set(
            LS_EUSAGE,
            "%s: was trained on other data than %s (checksum %016llx, not %016llx); give the data set it was "
            "trained on, or begin a run of another name",
            t->o->resume, dataset_path(t->s.data), (unsigned long long)t->at.data_checksum,
            (unsigned long long)dataset_fingerprint(t->s.data));
    }
    return check_counters(t);
}

static kernel_path_request path_request(const trainer_options *o)
{
    return (kernel_path_request){.checkpoint = o->resume, .origin = o->origin, .same_bits = o->same_bits};
}

/* From nothing to the state before the first step. */
static int begin(trainer *t, comm *c)
{
    const kernel_path_request path = path_request(t->o);
    int code = kernel_path_settle(c, &path);
    if (code != LS_OK) {
        return code;
    }
    code = comm_agree(c, tracing_open(&t->traced, &t->o->trace, t->o->run_dir, t->o->program));
    if (code == LS_OK) {
        code = session_open(&t->s, c, &t->o->session);
    }
    if (code != LS_OK) {
        return code;
    }
    if (t->o->resume != NULL) {
        code = session_load(&t->s, t->o->resume, &t->at);
        if (code == LS_OK) {
            code = check_resumed(t);
        }
        if (code != LS_OK) {
            return code;
        }
        if (t->s.replica.state.origin.count == 0) { /* format 2 did not say */
            origin_add_unknown(&t->s.replica.state.origin);
        }
    } else {
        model_init(&t->s.replica.state, t->o->session.order.seed);
        if (train_has_weights(&t->o->session.train)) {
            code = first_weights_share(&t->s, t->o->weights);
            if (code != LS_OK) {
                return code;
            }
        }
        t->at.moving_distance = t->at.best_score = t->at.best_epoch = NAN;
    }
    origin_add(&t->s.replica.state.origin, t->s.replica.state.step, ORIGIN_ANY_PATH, REAL_NAME);
    if (norms_of_asked(t->s.options.optimizer.decay.norms_of)) {
        code = norms_of_read(&t->norms, &t->s);
        if (code != LS_OK) {
            return code;
        }
        stepper_hold(t->s.replica.steps, &t->norms);
    }
    code = find_printed(t);
    if (code == LS_OK && t->o->session.norm.evaluate == BATCH_NORM_PRECISE) {
        code = validation_memory(&t->population, &t->s);
    }
    if (code == LS_OK && leads(t) && !done_before(t)) {
        code = outputs_open(&t->files, &t->s, t->o);
        stepper_observe(t->s.replica.steps, t->files.seen.by);
        live_begin(t->o->alive, &t->s.replica.state, loader_steps(t->s.train));
    }
    code = comm_agree(c, code);
    if (code == LS_OK && !done_before(t)) {
        code = features_prepare(&t->s);
    }
    if (code == LS_OK) { /* all threads are there */
        code = tracing_prepare(&t->traced, &t->s);
    }
    requests_start(&t->when, &t->o->checkpoint, t->o->limit, leads(t));
    return comm_agree(c, code);
}

/* This rank's requests; the context is a trainer. */
static unsigned own_requests(void *context)
{
    trainer *t = context;
    return requests_pending(&t->when, leads(t) ? saver_costs(t->files.saver).longest : 0);
}

static bool stopping(const trainer *t)
{
    return (t->requests & STEP_REQUEST_STOP) != 0;
}

/* Where the arithmetic went wrong: in the gradient, and so in the weights. Every rank sees the same. */
static int check_loss(const trainer *t, const step_metrics *m)
{
    char name[2 * TENSOR_NAME_SIZE] = "none";
    const tensor_table *table = model_table(t->s.replica.net);
    if (isfinite(m->cross_entropy) && isfinite(m->penalty)) {
        return LS_OK;
    }
    const tensor_info *bad = tensor_table_not_finite(table, TENSOR_WEIGHTS, step_gradient(t->s.replica.steps));
    if (bad != NULL) {
        (void)tensor_full_name(name, sizeof name, bad);
    }
    return error_set(LS_ENUMERIC,
                     "step %llu: the loss is not finite (cross-entropy %g, penalty %g; first tensor whose gradient is "
                     "not: %s); lower train.learning_rate, the last checkpoint is kept",
                     (unsigned long long)t->s.replica.state.step, m->cross_entropy, m->penalty, name);
}

static int average_local(trainer *t)
{
    double drift = 0;
    if (!t->s.options.network.batch_norm || t->s.options.norm.mode == BATCH_NORM_SYNC || t->averaged) {
        return LS_OK;
    }
    const int code =
        comm_or_abort(t->s.c, step_average_moving(t->s.replica.steps, &t->s.replica.state, t->own_samples, &drift));
    t->own_samples = 0;
    t->averaged = true;
    if (code == LS_OK) {
        log_info("moving statistics averaged over ranks, largest difference %.6g", drift);
    }
    return code;
}

/* val: of these weights, or NULL. A failure of rank 0's is agreed on with the next step. */
static int save(trainer *t, const epoch_validation *val)
{
    static const trace_label label = {"checkpoint", "step", {NULL}};
    const epoch_validation none = epoch_no_validation();
    trace_begin(&label);
    t->requests &= ~(unsigned)STEP_REQUEST_SAVE;
    requests_saved(&t->when);
    int code = average_local(t);
    if (code == LS_OK) {
        code = replicas_check(&t->s);
    }
    if (code == LS_OK && leads(t) && t->failure == LS_OK) {
        timing_note(&t->time, &t->at.now);
        t->failure = outputs_save(&t->files, &t->at, val != NULL ? val : &none);
    }
    trace_end();
    return code;
}

/* Train on a batch. */
static int take_step(trainer *t, const batch *b)
{
    session *s = &t->s;
    step_metrics m;
    if (leads(t) && t->failure == LS_OK) {
        t->failure = saver_poll(t->files.saver);
    }
    step_agreement all = {.code = t->failure, .requests = own_requests(t)};
    int code = comm_or_abort(s->c, step_train(s->replica.steps, b, &s->replica.state, &all, &m));
    if (code != LS_OK || all.code != LS_OK) {
        return code != LS_OK ? code : all.code;
    }
    t->requests |= all.requests;
    t->s.replica.state.position += s->options.order.batch;
    t->own_samples += b->range.samples;
    t->normalized = s->options.norm.mode == BATCH_NORM_SYNC ? b->range.all_samples : b->range.samples;
    t->averaged = false;
    code = check_loss(t, &m);
    if (code == LS_OK) {
        epoch_add(&t->at.now, &m);
        t->failure = leads(t) ? outputs_step(&t->files, &m, &t->at.now) : LS_OK;
    }
    return code;
}

/* The next batch, and the step on it; a rank that has none takes part with what it has. */
static int load_and_step(trainer *t)
{
    batch b;
    const int got = loader_next(t->s.train, &b);
    t->failure = got < 0 ? got : t->failure;
    return take_step(t, &b);
}

/* After the last step's forward, and before another one. Rank 0's business. */
static void measure_moving(trainer *t)
{
    if (leads(t) && t->s.options.network.batch_norm && t->normalized > 0) {
        t->at.moving_distance = moving_measure(&t->s, t->normalized);
    }
}

/* What is due between two steps of an epoch. After its last, it waits for the validation. */
static int between_steps(trainer *t)
{
    const uint64_t every = t->o->check.replicas_every;
    if (requests_step_due(&t->when, t->s.replica.state.step) || (t->requests & STEP_REQUEST_SAVE) != 0) {
        measure_moving(t);
        return save(t, NULL);
    }
    return every > 0 && t->s.replica.state.step % every == 0 ? replicas_check(&t->s) : LS_OK;
}

static int train_steps(trainer *t)
{
    session *s = &t->s;
    const size_t first = (size_t)(t->s.replica.state.position / s->options.order.batch);
    const size_t steps = loader_steps(s->train);
    const double before = t->at.now.seconds;
    const uint64_t epoch = t->s.replica.state.epoch;
    int code = session_start_epoch(s, epoch, first);
    if (code != LS_OK) {
        return code;
    }
    t->normalized = 0;
    const double started = clock_seconds();
    progress shown = {
        .epoch = t->s.replica.state.epoch + 1,
        .epochs = t->o->session.train.epochs,
        .steps = steps,
        .every = t->o->log.every_steps,
        .first = first,
        .before = t->at.now.samples,
        .started = started,
        .shown = started,
    };
    for (size_t done = first + 1; code == LS_OK && !stopping(t) && done <= steps; done++) {
        code = tracing_begin_step(&t->traced, s);
        if (code == LS_OK) {
            code = load_and_step(t);
        }
        if (code == LS_OK) {
            const checkpoint_epoch *now = &t->at.now;
            t->at.now.seconds = before + clock_seconds() - started;
            progress_step(&shown, done, now->samples, (now->cross_entropy + now->penalty) / now->samples);
        }
        if (code == LS_OK && done < steps && !stopping(t)) {
            code = between_steps(t);
        }
        if (code == LS_OK) {
            code = tracing_end_step(&t->traced, s);
        }
    }
    tracing_pause(&t->traced);
    log_progress_end();
    if (code == LS_OK) {
        measure_moving(t);
    }
    return code != LS_OK ? code : comm_agree(s->c, t->failure);
}

static int validate(trainer *t, epoch_validation *out)
{
    evaluate_breaks breaks = {.requests = own_requests, .context = t};
    timing_take(&t->time, false);
    const int code = validation_run(&t->s, t->population, &breaks, out);
    timing_take(&t->time, true);
    t->requests |= breaks.stopped ? STEP_REQUEST_STOP : 0;
    return code;
}

/*
 * Where the moving statistics spoil a validation: the first time, and at the end, whose weights are there to be used.
 * Rank 0 knows how far they are.
 */
static int warn_of_moving(trainer *t, const runlog_epoch_row *row)
{
    char remedy[160];
    const session_options *o = &t->s.options;
    const moving_lag lag =
        moving_lag_of(o->network.batch_norm, o->norm.momentum, t->s.replica.state.step, t->at.moving_distance);
    int misled = t->population == NULL && moving_misleads(&lag, row->train_accuracy, row->val_accuracy) &&
                 (!t->warned || all_done(t));
    double accuracy = NAN;
    int code = comm_or_abort(t->s.c, comm_broadcast(t->s.c, &misled, sizeof misled));
    if (code != LS_OK || !misled) {
        return code;
    }
    t->warned = true;
    evaluate_breaks breaks = {.requests = own_requests, .context = t};
    timing_take(&t->time, false);
    code = validation_precisely(&t->s, &breaks, &accuracy);
    timing_take(&t->time, true);
    t->requests |= breaks.stopped ? STEP_REQUEST_STOP : 0;
    const int known =
        breaks.stopped ? 0
                       : snprintf(remedy, sizeof remedy, "by re-estimated statistics the accuracy is %.4f; ", accuracy);
    (void)snprintf(remedy + known, sizeof remedy - (size_t)known, "use batch_norm.evaluate=precise, more steps, or");
    if (code == LS_OK && leads(t)) {
        moving_warn("validation suffers", &lag, remedy);
        t->failure = outputs_precise(&t->files, accuracy);
    }
    return code;
}

/* Whether this epoch, just completed, is better than those before it. */
static void score_epoch(trainer *t, epoch_validation *val, const runlog_epoch_row *row)
{
    session_history *at = &t->at;
    val->score = metric_score(t->o->checkpoint.best_by, row);
    if (!isnan(val->score) &&
        (isnan(at->best_score) || val->score > at->best_score + t->o->session.train.min_improvement)) {
        at->best_score = val->score;
        at->best_epoch = (double)row->epoch;
    }
}

/* After the last step and the validation of an epoch. */
static int end_epoch(trainer *t, epoch_validation *val)
{
    t->s.replica.state.epoch++;
    t->s.replica.state.position = 0;
    runlog_epoch_row row = epoch_row(&t->at.now, &t->s.replica.state, val);
    timing_row(&t->time, row.spent);
    t->at.now = (checkpoint_epoch){0};
    score_epoch(t, val, &row);
    epoch_print(&row, t->o->session.train.epochs);
    const int warned = warn_of_moving(t, &row);
    if (warned != LS_OK) {
        return warned;
    }
    if (leads(t)) {
        histogram_of(row.histogram, t->s.replica.state.table, state_weights(&t->s.replica.state));
        advice_epoch(&t->advised, &t->s, &row, !t->warned);
        t->failure = t->failure == LS_OK ? outputs_epoch(&t->files, &row) : t->failure;
    }
    const bool due = all_done(t) ||
                     requests_epoch_due(&t->when, t->s.replica.state.epoch, t->o->session.train.epochs) ||
                     requests_step_due(&t->when, t->s.replica.state.step) || (t->requests & STEP_REQUEST_SAVE) != 0;
    const int code = due ? save(t, val) : replicas_check(&t->s);
    return code != LS_OK ? code : comm_agree(t->s.c, t->failure);
}

/* Pictures of the next epoch's first batches can come while this one's weights are validated. */
static void foresee(trainer *t)
{
    if (t->s.replica.state.epoch + 1 < t->o->session.train.epochs) {
        session_foresee_epoch(&t->s, t->s.replica.state.epoch + 1);
    }
}

static int run_epoch(trainer *t)
{
    epoch_validation val = epoch_no_validation();
    char when[64];
    (void)snprintf(when, sizeof when, "epoch %llu/%llu starts with", (unsigned long long)t->s.replica.state.epoch + 1,
                   (unsigned long long)t->o->session.train.epochs);
    if (t->s.replica.state.position == 0) {
        print_weights(t, when);
        stages_print_epoch(&t->s.options, t->s.replica.state.epoch);
        epoch_open(&t->at.now, &t->s.replica.state, t->printed);
    }
    int code = train_steps(t);
    if (code == LS_OK && !stopping(t)) {
        foresee(t);
        code = average_local(t);
    }
    if (code == LS_OK && !stopping(t)) {
        code = validate(t, &val);
    }
    if (code != LS_OK) {
        return code;
    }
    if (stopping(t)) {
        const char *const why = t->when.why != NULL ? t->when.why : "another rank was asked to";
        log_info("stopping after step %llu: %s", (unsigned long long)t->s.replica.state.step, why);
        live_stopping(t->o->alive, why);
        return save(t, NULL);
    }
    return end_epoch(t, &val);
}

/* All is done, or saved: nothing is on its way any more. */
static int finish(trainer *t, double started)
{
    if (!stopping(t)) {
        print_weights(t, "training ends with");
    }
    const int code = comm_agree(t->s.c, outputs_finish(&t->files, t->failure, clock_seconds() - started));
    if (code != LS_OK) {
        return code;
    }
    if (stopping(t)) {
        log_info("saved after step %llu, epoch %llu of %llu; run again with --resume auto to go on",
                 (unsigned long long)t->s.replica.state.step, (unsigned long long)t->s.replica.state.epoch + 1,
                 (unsigned long long)t->o->session.train.epochs);
        return EXIT_SAVED;
    }
    if (average_exists(&t->s.replica.state)) {
        const state averages = average_state(&t->s.replica.state);
        log_info("averages %016llx", (unsigned long long)state_hash(&averages));
    }
    log_info("weights %016llx", (unsigned long long)state_hash(&t->s.replica.state));
    return LS_OK;
}

int trainer_run(comm *c, const trainer_options *options)
{
    trainer t = {.o = options};
    const double started = clock_seconds();
    int code = begin(&t, c);
    if (code != LS_OK) {
        goto cleanup;
    }
    overview_print(&t.s, options);
    const kernel_path_request path = path_request(options);
    if (!done_before(&t)) {
        kernel_path_report(&path);
    }
    if (leads(&t) && !done_before(&t)) {
        advice_start(&t.s);
    }
    code = launch_report(&t.s);
    overview_print_start(&t.s, options);
    if (!done_before(&t)) {
        tracing_print(&t.traced, &t.s);
    }
    if (leads(&t)) {
        timing_start(&t.time, &t.at.now);
    }
    while (code == LS_OK && !all_done(&t) && !stopping(&t)) {
        code = run_epoch(&t);
    }
    if (code == LS_OK && out_of_patience(&t)) {
        log_info("no better %s since epoch %.0f (%g), %llu epochs ago; training ends (train.patience)",
                 metric_name(options->checkpoint.best_by), t.at.best_epoch,
                 metric_value(options->checkpoint.best_by, t.at.best_score),
                 (unsigned long long)options->session.train.patience);
    }
    code = tracing_finish(&t.traced, &t.s, code);
    if (code == LS_OK) {
        code = finish(&t, started);
    }
    if (code == LS_OK) {
        code = tracing_failure(&t.traced);
    }
cleanup:
    timing_stop(&t.time);
    outputs_release(&t.files);
    norm_hold_release(&t.norms);
    free(t.population);
    session_close(&t.s);
    tracing_release(&t.traced);
    return code;
}
