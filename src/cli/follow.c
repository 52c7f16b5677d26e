#include "cli/follow.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/error.h"
#include "cli/run_data.h"
#include "io/named.h"
#include "store/checkpoint_name.h"
#include "store/run_folder.h"
#include "store/runlog_read.h"

static const double LOG_INTERVAL = 5; /* seconds between two readings of the log */

static void note_error(follow *f, const char *then)
{
    if (f->note[0] == '\0') {
        (void)snprintf(f->note, sizeof f->note, "%.*s%s", FOLLOW_NOTE_SIZE - 64, error_message(), then);
    }
}

/* --- The status file ---------------------------------------------------------------------------------------------- */

/* Clocks differ between machines, but a file that changes is new. */
static void hear(follow *f, bool first)
{
    const double clock = clock_seconds();
    const double age = f->now - f->report.written;
    if (f->report.turn != f->turn || first) {
        f->turn = f->report.turn;
        f->changed = clock - (first && age > 0 ? age : 0);
    }
    f->heard = clock - f->changed;
}

static void look_at_status(follow *f)
{
    status_report report;
    const bool first = !f->reported;
    const int code = status_file_read(&report, f->dir);
    if (code == LS_OK) {
        f->report = report;
        f->reported = true;
        hear(f, first);
        return;
    }
    if (code != LS_ENOTFOUND) {
        note_error(f, "; it is ignored");
    }
    f->heard = clock_seconds() - f->changed;
    if (f->reported && code != LS_EIO) { /* which may be so for a moment only */
        f->report = status_unknown();
        f->reported = false;
        f->log_file = 0; /* to be read again, with the newest checkpoint */
    }
}

/* --- Checkpoints -------------------------------------------------------------------------------------------------- */

static void look_at_names(follow *f)
{
    char path[CHECKPOINT_PATH_SIZE];
    struct stat status;
    uint64_t newest = 0;
    DIR *folder = opendir(f->dir);
    f->checkpoint[0] = '\0';
    if (folder == NULL) {
        return;
    }
    for (const struct dirent *e = readdir(folder); e != NULL; e = readdir(folder)) {
        uint64_t step = 0;
        if (checkpoint_name_step(&step, e->d_name) && (f->checkpoint[0] == '\0' || step > newest)) {
            newest = step;
            (void)checkpoint_name(f->checkpoint, step);
        }
    }
    (void)closedir(folder);
    f->saved = f->checkpoint[0] != '\0' && checkpoint_path(path, sizeof path, f->dir, newest) == LS_OK &&
                       stat(path, &status) == 0
                   ? (double)status.st_mtim.tv_sec
                   : NAN;
}

static bool is_at_work(const follow *f)
{
    return f->lock.sign == RUN_LOCK_HELD ||
           (f->lock.sign == RUN_LOCK_UNKNOWN && f->now - f->lock.set < run_lock_patience);
}

/* --- The log ------------------------------------------------------------------------------------------------------ */

static int read_losses(follow *f, const char *path)
{
    double *more = NULL;
    size_t count = 0;
    int code = runlog_read_losses(path, f->steps, &more, &count);
    if (code == LS_OK && count > 0) {
        double *all = realloc(f->losses, (f->steps + count) * sizeof *all);
        if (all == NULL) {
            code = error_set(LS_ENOMEM, "%s: out of memory for its rows", path);
        } else {
            memcpy(all + f->steps, more, count * sizeof *all);
            f->losses = all;
            f->steps += count;
        }
    }
    free(more);
    return code;
}

static int read_log(follow *f, const char *path)
{
    runlog_epoch_row *rows = NULL;
    size_t count = 0;
    int code = read_losses(f, path);
    if (code == LS_OK) {
        code = runlog_read_epochs(path, &rows, &count);
    }
    if (code == LS_OK) {
        free(f->epochs);
        f->epochs = rows;
        f->epoch_count = count;
    }
    return code;
}

/* Of a run that no status file tells of: from its newest checkpoint, as a report has it. */
static void look_at_checkpoint(follow *f)
{
    run_data data = {0};
    status_report *const r = &f->report;
    char stand[sizeof r->verdict];
    if (f->checkpoint[0] == '\0' || run_data_read(&data, f->dir) != LS_OK) {
        run_data_release(&data);
        return;
    }
    const config *const c = &data.saved;
    const rate_run run = run_data_rate_run(&data);
    const uint64_t within = data.info.position / c->order.batch;
    *r = status_unknown();
    (void)snprintf(r->run, sizeof r->run, "%s", c->experiment.name);
    r->epochs = (double)c->train.epochs;
    r->epoch = (double)(data.info.epoch < c->train.epochs ? data.info.epoch + 1 : c->train.epochs);
    r->step = (double)data.info.step;
    r->epoch_steps = (double)run.steps_per_epoch;
    r->epoch_step = data.info.epoch < c->train.epochs ? (double)within : r->epoch_steps;
    if (data.measured.count > 0) {
        (void)snprintf(r->verdict, sizeof r->verdict, "%s", run_data_stand(stand, sizeof stand, &data));
    }
    r->state = train_is_over(&c->train, data.info.epoch, data.info.best_epoch) ? STATUS_DONE : STATUS_RUNNING;
    run_data_release(&data);
}

/* A new file, of a start, may have other rows. at_work: it may grow all the time. */
static void look_at_log(follow *f, bool at_work)
{
    char path[CHECKPOINT_PATH_SIZE];
    struct stat status;
    const double clock = clock_seconds();
    if (run_folder_file(path, sizeof path, f->dir, "log.h5") != LS_OK || stat(path, &status) != 0) {
        f->steps = f->epoch_count = 0;
        return;
    }
    if (f->log_file != status.st_ino) {
        f->steps = 0;
    } else if ((at_work && clock < f->looked + LOG_INTERVAL) ||
               (f->log_time.tv_sec == status.st_mtim.tv_sec && f->log_time.tv_nsec == status.st_mtim.tv_nsec)) {
        return;
    }
    f->looked = clock;
    f->log_file = status.st_ino;
    f->log_time = status.st_mtim;
    if (read_log(f, path) != LS_OK) {
        note_error(f, "");
    }
    if (!f->reported) {
        look_at_checkpoint(f);
    }
}

/* --- All of it ---------------------------------------------------------------------------------------------------- */

/* Whether the report is of the process that has the lock, and not of a start before it. */
static bool is_of_holder(const follow *f)
{
    char owner[128];
    const int n = snprintf(owner, sizeof owner, "pid %.0f on %s", f->report.pid, f->report.host);
    return f->reported && n > 0 && strncmp(f->lock.owner, owner, (size_t)n) == 0 &&
           strchr(", ", f->lock.owner[n]) != NULL;
}

static follow_stage find_stage(const follow *f)
{
    const status_report *const r = &f->report;
    if (is_at_work(f) && (!f->reported || !is_of_holder(f))) {
        return f->reported || f->epoch_count + f->steps == 0 ? FOLLOW_STARTING : FOLLOW_TRAINING;
    }
    if (is_at_work(f) && r->state == STATUS_RUNNING) {
        return isnan(r->step) ? FOLLOW_STARTING : FOLLOW_TRAINING;
    }
    switch (r->state) {
    case STATUS_DONE: return FOLLOW_DONE;
    case STATUS_SAVED: return FOLLOW_SAVED;
    case STATUS_FAILED: return FOLLOW_FAILED;
    default: break;
    }
    return !f->reported && f->checkpoint[0] == '\0' && f->lock.sign == RUN_LOCK_FREE && f->epoch_count + f->steps == 0
               ? FOLLOW_NOTHING
               : FOLLOW_AWAY;
}

int follow_look(follow *f)
{
    const int code = named_check_folder(f->dir, "a run's folder");
    if (code != LS_OK) {
        return code;
    }
    f->note[0] = '\0';
    f->now = (double)time(NULL);
    if (!f->reported && f->looked == 0) {
        f->report = status_unknown();
    }
    look_at_status(f);
    f->lock = run_lock_look_at(f->dir);
    look_at_names(f);
    look_at_log(f, is_at_work(f));
    f->stage = find_stage(f);
    return LS_OK;
}

void follow_release(follow *f)
{
    free(f->losses);
    free(f->epochs);
    *f = (follow){0};
}

bool follow_is_over(const follow *f)
{
    return f->stage == FOLLOW_FAILED && (f->report.exit_status == EXIT_USAGE || f->report.exit_status == EXIT_NUMERIC);
}
