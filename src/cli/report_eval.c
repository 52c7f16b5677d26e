#include "cli/report_eval.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "cli/parallel.h"
#include "cli/run_options.h"
#include "data/orientation.h"
#include "train/estimate.h"
#include "train/evaluate.h"

enum { THUMBNAIL_SIDE = 128, MOST_BATCHES = 100 };

/* One run's evaluation under way. */
typedef struct job {
    comm *c;
    const run_data *d;
    const report_eval_options *o;
    session_options session;
    report_eval *out;
    size_t batches, shown; /* of the evaluation, and how many it has asked for */
} job;

static void say_why(char why[REPORT_WHY])
{
    (void)snprintf(why, REPORT_WHY, "%s", error_message());
}

/* The data set that trained, with pictures to validate by: before anything takes long. */
static int look_at_data(const job *j)
{
    dataset *data = NULL;
    int code = dataset_open_unread(&data, j->session.data.file);
    if (code == LS_OK && dataset_fingerprint(data) != j->d->info.data_checksum) {
        code = error_set(LS_EUSAGE, "%s: is not the data set that trained this run; give that one with --data",
                         dataset_path(data));
    }
    if (code == LS_OK && dataset_count(data, DATASET_VAL) == 0) {
        code = error_set(LS_EUSAGE, "%s: holds no validation pictures; make some with pack --val-fraction",
                         dataset_path(data));
    }
    dataset_free(data);
    return code;
}

/* As often as its training would, but not longer than is worth it here. */
static size_t batches_of(const config *saved)
{
    const size_t n = saved->batch_norm.precise_batches;
    return saved->batch_norm.evaluate == BATCH_NORM_PRECISE || (n > 0 && n < MOST_BATCHES) ? n : MOST_BATCHES;
}

static int estimate_precise(estimate *out, job *j)
{
    session_options trained = run_options_session(&j->d->saved);
    trained.data.file = j->session.data.file;
    trained.train.threads = j->session.train.threads;
    log_note("%s: re-estimating BatchNorm's statistics", j->d->dir);
    const int code = estimate_statistics(out, j->c, &trained, j->d->checkpoint, batches_of(&j->d->saved));
    j->out->batches = out->batches;
    j->out->batch = out->batch;
    return code;
}

/* Asked once a batch. */
static unsigned show_progress(void *context)
{
    job *j = context;
    j->shown++;
    log_progress("%s: validation batch %zu of %zu", j->d->dir, j->shown <= j->batches ? j->shown : j->batches,
                 j->batches);
    return 0;
}

/* moving: statistics, or NULL for the state's own. */
static int evaluate(job *j, session *s, real *moving, evaluation *out, records *samples)
{
    evaluate_breaks breaks = {.requests = show_progress, .context = j};
    const evaluate_extras extras = {.samples = samples};
    const state at = moving != NULL ? state_with_moving(&s->replica.state, moving) : s->replica.state;
    j->batches = loader_steps(s->val);
    j->shown = 0;
    int code = evaluate_split(s, &at, &extras, &breaks, out);
    log_progress_end();
    if (code == LS_OK && !isfinite(out->loss)) {
        code = error_set(LS_ENUMERIC, "%s: the loss over the validation pictures is not finite", j->d->checkpoint);
    }
    return code;
}

/* Memory to read and to decode pictures in. */
typedef struct picture_space {
    dataset_buffer encoded;
    image picture, turned;
} picture_space;

/* A picture that cannot be read has none to be shown. */
static int copy_picture(thumbnail *out, const session *s, size_t number, picture_space *space)
{
    const uint8_t *bytes = NULL;
    size_t size = 0;
    int code = dataset_read(s->data, number, 1, &space->encoded, &bytes, &size);
    if (code == LS_OK) {
        space->picture.background = s->options.data.background;
        code = dataset_decode(s->data, &space->picture, bytes, size, NULL);
    }
    if (code == LS_OK && session_turns(s)) {
        code = orientation_turn(&space->picture, &space->turned);
    }
    return code == LS_OK ? thumbnail_make(out, &space->picture, THUMBNAIL_SIDE) : code;
}

static int copy_pictures(report_eval *e, const session *s)
{
    size_t count = 0;
    picture_space space = {0};
    int code = LS_OK;
    const uint32_t *indices = dataset_indices(s->data, DATASET_VAL, &count);
    e->worst = calloc(e->answers.worst_count + 1, sizeof *e->worst);
    if (e->worst == NULL) {
        return error_set(LS_ENOMEM, "out of memory for pictures");
    }
    for (size_t i = 0; code == LS_OK && i < e->answers.worst_count; i++) {
        report_picture *p = &e->worst[e->worst_count++];
        p->told = e->answers.worst[i];
        p->name = strdup(eval_report_picture(&e->answers, &p->told));
        if (p->name == NULL) {
            code = error_set(LS_ENOMEM, "out of memory for the names of pictures");
        } else if (p->told.position < count && copy_picture(&p->copy, s, indices[p->told.position], &space) != LS_OK) {
            log_warn("%s: %s", p->name, error_message());
        }
    }
    free(space.encoded.bytes);
    image_release(&space.picture);
    image_release(&space.turned);
    return code;
}

/* Figures of all answers. They are by the statistics that the run validates by, unless those mean nothing yet. */
static int take_answers(job *j, const session *s, const records *moving, const records *precise)
{
    report_eval *e = j->out;
    const moving_lag lag = run_options_lag(&j->d->info, &j->d->saved);
    const bool wanted = j->d->saved.batch_norm.evaluate == BATCH_NORM_PRECISE || moving_is_far(&lag);
    e->by_precise = wanted && e->precise.samples > 0;
    const eval_report_subject subject = {
        .checkpoint = j->d->checkpoint,
        .file = s->options.data.file,
        .data = s->data,
        .split = DATASET_VAL,
        .epoch = s->replica.state.epoch,
        .step = s->replica.state.step,
        .figures = e->by_precise ? e->precise : e->moving,
    };
    int code = eval_report_make(&e->answers, &subject, e->by_precise ? precise : moving, j->o->worst);
    if (code == LS_OK) {
        code = copy_pictures(e, s);
    }
    e->answers.on.data = NULL; /* it goes with the session, as its file's name does */
    e->answers.on.file = NULL;
    return code;
}

static int evaluate_both(job *j, real *precise)
{
    session s = {0};
    session_history at;
    records by_moving = {0};
    records by_precise = {0};
    int code = session_open(&s, j->c, &j->session);
    if (code == LS_OK) {
        code = session_load(&s, j->d->checkpoint, &at);
    }
    if (code == LS_OK) {
        code = evaluate(j, &s, NULL, &j->out->moving, &by_moving);
    }
    if (code == LS_OK && precise != NULL) {
        code = evaluate(j, &s, precise, &j->out->precise, &by_precise);
    }
    if (code == LS_OK) {
        code = take_answers(j, &s, &by_moving, &by_precise);
    }
    records_release(&by_moving);
    records_release(&by_precise);
    session_close(&s);
    return code;
}

static int evaluate_run(job *j)
{
    estimate precise = {0};
    j->out->moving = j->out->precise = evaluation_of_none();
    int code = look_at_data(j);
    if (code == LS_OK && j->d->saved.model.batch_norm && estimate_precise(&precise, j) != LS_OK) {
        say_why(j->out->why_moving);
        precise.samples = 0;
    }
    if (code == LS_OK) {
        log_note("%s: evaluating its newest checkpoint (--no-eval leaves it out)", j->d->dir);
        code = evaluate_both(j, precise.samples > 0 ? precise.moving : NULL);
    }
    estimate_release(&precise);
    return code;
}

static void give_up(report_eval *out, const char *dir)
{
    say_why(out->why_not);
    log_warn("%s: its newest checkpoint is not evaluated: %s", dir, out->why_not);
}

/* All runs. */
typedef struct evaluation_list {
    const report_eval_job *jobs;
    size_t count;
    const report_eval_options *o;
} evaluation_list;

static int evaluate_all(comm *c, void *context)
{
    const evaluation_list *all = context;
    if (comm_size(c) > 1) {
        return error_set(LS_EUSAGE, "report: works with one process only; run it without mpirun");
    }
    for (size_t i = 0; i < all->count; i++) {
        job j = {.c = c, .d = all->jobs[i].run, .o = all->o, .out = all->jobs[i].out};
        j.session = run_options_session(&j.d->saved);
        j.session.training = false;
        j.session.split = DATASET_VAL;
        j.session.data.stage = NULL; /* what is read once need not be copied first */
        j.session.data.file = all->o->data != NULL ? all->o->data : j.session.data.file;
        j.session.train.threads = all->o->threads > 0 ? all->o->threads : j.session.train.threads;
        j.out->done = evaluate_run(&j) == LS_OK;
        if (!j.out->done) {
            give_up(j.out, j.d->dir);
        }
    }
    return LS_OK;
}

int report_eval_runs(const report_eval_job *jobs, size_t count, const report_eval_options *o)
{
    evaluation_list all = {jobs, count, o};
    const int code = parallel_run(evaluate_all, &all);
    for (size_t i = 0; code < 0 && i < count; i++) { /* MPI does not start here */
        give_up(jobs[i].out, jobs[i].run->dir);
    }
    return code < 0 ? LS_OK : code;
}

void report_eval_release(report_eval *e)
{
    for (size_t i = 0; i < e->worst_count; i++) {
        free(e->worst[i].name);
        thumbnail_release(&e->worst[i].copy);
    }
    free(e->worst);
    eval_report_release(&e->answers);
    *e = (report_eval){0};
}
