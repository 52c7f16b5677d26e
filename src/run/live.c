#include "run/live.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/machine.h"
#include "base/repeater.h"
#include "base/snapshot.h"
#include "base/watch.h"
#include "store/status_file.h"

static const double INTERVAL = 1;
static const double WINDOW = 15; /* seconds over which a rate is measured */
enum { MOMENTS = 32, WHY_SIZE = 64 };

/* What the training thread tells. */
typedef struct figures {
    uint64_t epoch; /* complete ones */
    uint64_t step, epoch_step, epoch_steps;
    double when;    /* the last step, on the clock; 0: none yet */
    double between; /* from the last step of an epoch to the next one; NaN */
    double loss, accuracy, learning_rate;
    double val_epoch, val_loss, val_accuracy;
    char verdict[sizeof((status_report *)0)->verdict];
    char why[WHY_SIZE]; /* it stops */
} figures;

/* A step as the thread got to know it. */
typedef struct moment {
    double when;
    uint64_t step, epoch;
} moment;

struct live {
    live_options o;
    figures now; /* the training thread's */
    snapshot told;
    repeater *turns; /* owned */
    /* The thread's: */
    status_report report;
    moment moments[MOMENTS]; /* of one epoch, the oldest first */
    size_t count;
    bool failed; /* to write; it was said */
};

_Static_assert(sizeof(figures) <= 8 * (size_t)SNAPSHOT_WORDS, "a snapshot holds them");

/* --- The thread --------------------------------------------------------------------------------------------------- */

static void note_moment(live *l, const figures *f)
{
    const moment m = {f->when, f->step, f->epoch};
    if (f->when == 0 || (l->count > 0 && l->moments[l->count - 1].step == m.step)) {
        return;
    }
    if (l->count > 0 && l->moments[l->count - 1].epoch != m.epoch) {
        l->count = 0;
    }
    while (l->count == MOMENTS || (l->count > 2 && l->moments[1].when < m.when - WINDOW)) {
        memmove(l->moments, l->moments + 1, --l->count * sizeof *l->moments);
    }
    l->moments[l->count++] = m;
}

/* Of the last steps of this epoch; as before where there are too few. */
static void find_rate(live *l)
{
    const moment *const first = &l->moments[0];
    const moment *const last = &l->moments[l->count - 1];
    if (l->count < 2 || last->when <= first->when || last->step <= first->step) {
        return;
    }
    l->report.seconds_per_step = (last->when - first->when) / (double)(last->step - first->step);
    l->report.images_per_second = (double)l->o.batch / l->report.seconds_per_step;
}

static void take_figures(live *l)
{
    figures f;
    status_report *const r = &l->report;
    if (!snapshot_read(&l->told, &f, sizeof f)) {
        return;
    }
    note_moment(l, &f);
    if (l->count > 0) {
        find_rate(l);
    }
    r->epoch = (double)(f.epoch < l->o.epochs ? f.epoch + 1 : l->o.epochs);
    r->step = (double)f.step;
    r->epoch_step = (double)f.epoch_step;
    r->epoch_steps = (double)f.epoch_steps;
    r->between_epochs = f.between;
    r->loss = f.loss;
    r->accuracy = f.accuracy;
    r->learning_rate = f.learning_rate;
    r->val_epoch = f.val_epoch;
    r->val_loss = f.val_loss;
    r->val_accuracy = f.val_accuracy;
    (void)snprintf(r->verdict, sizeof r->verdict, "%s", f.verdict);
    (void)snprintf(r->message, sizeof r->message, "%s", f.why);
}

static void take_standing(live *l)
{
    comm_standing s;
    status_report *const r = &l->report;
    if (!comm_standing_now(l->o.c, &s)) {
        return;
    }
    r->idle = s.idle;
    (void)snprintf(r->waited, sizeof r->waited, "%s", s.waited);
    r->slow_rank = s.slowest < 0 ? NAN : (double)s.slowest;
    (void)snprintf(r->slow_host, sizeof r->slow_host, "%s", s.slowest < 0 ? "" : s.slowest_host);
    r->slow_waits = s.slowest < 0 ? NAN : s.slowest_waits;
    r->slow_pictures = s.slowest < 0 ? NAN : s.slowest_pictures;
    r->others_wait = s.slowest < 0 ? NAN : s.others_wait;
}

static void write_report(live *l)
{
    l->report.turn++;
    l->report.written = (double)time(NULL);
    if (status_file_write(l->o.run_dir, &l->report) != LS_OK && !l->failed) {
        l->failed = true;
        log_warn("%s; lockstep watch shows less", error_message());
    }
}

static void turn(void *context)
{
    live *l = context;
    take_figures(l);
    take_standing(l);
    (void)snprintf(l->report.phase, sizeof l->report.phase, "%s", watch_phase_name(watch_read().phase));
    write_report(l);
}

/* --- From outside ------------------------------------------------------------------------------------------------- */

static void describe(live *l)
{
    status_report *const r = &l->report;
    const char *const job = getenv("SLURM_JOB_ID");
    const double now = (double)time(NULL);
    *r = status_unknown();
    r->state = STATUS_RUNNING;
    r->started = now;
    r->turn = 0;
    r->limit = l->o.limit > 0 ? floor(now + l->o.limit - clock_seconds()) : NAN;
    (void)snprintf(r->run, sizeof r->run, "%s", l->o.run);
    machine_host(r->host, sizeof r->host);
    if (job != NULL) {
        (void)snprintf(r->job, sizeof r->job, "Slurm job %.40s", job);
    }
    r->pid = (double)getpid();
    r->ranks = comm_size(l->o.c);
    r->nodes = comm_nodes(l->o.c);
    r->epochs = (double)l->o.epochs;
}

int live_start(live **out, const live_options *o)
{
    *out = NULL;
    live *l = calloc(1, sizeof *l);
    if (l == NULL) {
        return error_set(LS_ENOMEM, "%s: out of memory for its status", o->run_dir);
    }
    l->o = *o;
    l->now = (figures){.between = NAN, .loss = NAN, .accuracy = NAN, .learning_rate = NAN};
    l->now.val_epoch = l->now.val_loss = l->now.val_accuracy = NAN;
    describe(l);
    int code = status_file_make_way(o->run_dir);
    if (code == LS_OK) {
        code = repeater_start(&l->turns, turn, l, INTERVAL, "the run's status");
    }
    if (code != LS_OK) {
        free(l);
        return code;
    }
    *out = l;
    return LS_OK;
}

static void tell(live *l)
{
    snapshot_write(&l->told, &l->now, sizeof l->now);
}

void live_begin(live *l, const state *s, uint64_t steps)
{
    if (l == NULL) {
        return;
    }
    l->now.epoch = s->epoch;
    l->now.step = s->step;
    l->now.epoch_step = s->position / l->o.batch;
    l->now.epoch_steps = steps;
    tell(l);
}

void live_step(live *l, const state *s, const step_metrics *m, const checkpoint_epoch *now)
{
    if (l == NULL) {
        return;
    }
    figures *const f = &l->now;
    const double when = clock_seconds();
    f->epoch_step = s->position / l->o.batch;
    if (f->epoch_step == 1 && f->when > 0) {
        f->between = when - f->when;
    }
    f->epoch = s->epoch;
    f->step = s->step;
    f->when = when;
    f->loss = (now->cross_entropy + now->penalty) / now->samples;
    f->accuracy = now->correct / now->samples;
    f->learning_rate = m->rate;
    tell(l);
}

void live_epoch(live *l, const runlog_epoch_row *row, const char *stand)
{
    if (l == NULL) {
        return;
    }
    figures *const f = &l->now;
    f->epoch = row->epoch;
    f->epoch_step = row->epoch < l->o.epochs ? 0 : f->epoch_steps;
    if (!isnan(row->val_accuracy)) {
        f->val_epoch = (double)row->epoch;
        f->val_loss = row->val_loss;
        f->val_accuracy = row->val_accuracy;
    }
    (void)snprintf(f->verdict, sizeof f->verdict, "%s", stand);
    tell(l);
}

void live_stopping(live *l, const char *why)
{
    if (l != NULL) {
        (void)snprintf(l->now.why, sizeof l->now.why, "%s", why);
        tell(l);
    }
}

void live_end(live *l, int code)
{
    saved_error reason;
    if (l == NULL) {
        return;
    }
    error_save(&reason, code);
    repeater_stop(l->turns);
    take_figures(l);
    status_report *const r = &l->report;
    r->state = code == LS_OK ? STATUS_DONE : code == EXIT_SAVED ? STATUS_SAVED : STATUS_FAILED;
    r->exit_status = code < 0 ? error_exit_code(code) : code;
    r->phase[0] = r->waited[0] = '\0';
    if (r->state == STATUS_FAILED) {
        (void)snprintf(r->message, sizeof r->message, "%.*s", (int)sizeof r->message - 1, reason.message);
    }
    if (code < 0 && l->now.epoch_steps == 0) { /* training never began: what was refused leaves no files */
        (void)status_file_clear(l->o.run_dir);
    } else {
        write_report(l);
    }
    free(l);
    (void)error_restore(&reason);
}
