#include "cli/follow_view.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/follow_text.h"
#include "cli/sparkline.h"

enum { LABEL = 11, LEAST_COLUMNS = 20, TIME_SIZE = 48 };

/* Seconds without a word, or without progress, that are worth a line. */
static const double LONG_SILENCE = 10, LONG_IDLE = 3;

/* A line under way. */
typedef struct page {
    text_builder *out;
    const follow *f;
    size_t columns; /* that may be used */
    bool utf8;
} page;

/* --- Lines -------------------------------------------------------------------------------------------------------- */

/* The part of a text that fits into so many columns, in bytes; at least one character. */
static size_t fitting(const char *text, size_t columns)
{
    size_t at = 0;
    char one[5] = "";
    size_t used = 0;
    while (text[at] != '\0') {
        uint32_t c = 0;
        const size_t n = text_decode(text + at, &c);
        const size_t length = n == 0 ? 1 : n;
        memcpy(one, text + at, length);
        one[length] = '\0';
        used += text_columns(one);
        if (used > columns && at > 0) {
            break;
        }
        at += length;
    }
    return at;
}

/* Where a text is to be broken: at the last blank that fits, or where it does not fit any more. */
static size_t break_at(const char *text, size_t columns)
{
    const size_t most = fitting(text, columns);
    if (text[most] == '\0') {
        return most;
    }
    for (size_t i = most; i > 0; i--) {
        if (text[i] == ' ') {
            return i;
        }
    }
    return most;
}

/* ASCII only, where the terminal shows nothing else. */
static void add_piece(const page *p, const char *text, size_t length)
{
    for (size_t i = 0; i < length;) {
        uint32_t c = 0;
        const size_t n = text_decode(text + i, &c);
        const size_t bytes = n == 0 ? 1 : n;
        if (n == 0 || !text_is_shown(c) || (c > 0x7e && !p->utf8)) {
            text_add(p->out, "?");
        } else {
            text_add(p->out, "%.*s", (int)bytes, text + i);
        }
        i += bytes;
    }
}

/* A label and a text behind it, on as many lines as it takes. */
static void add_wrapped(const page *p, const char *label, const char *text)
{
    const size_t indent = label == NULL ? 0 : LABEL;
    text_add(p->out, "%-*s", (int)indent, label == NULL ? "" : label);
    while (*text != '\0') {
        const size_t n = break_at(text, p->columns - indent);
        add_piece(p, text, n);
        text_add(p->out, "\n");
        text += n;
        text += strspn(text, " ");
        if (*text != '\0') {
            text_add(p->out, "%*s", (int)indent, "");
        }
    }
}

static void line(const page *p, const char *label, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void line(const page *p, const char *label, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&text, format, args) >= 0) {
        add_wrapped(p, label, text);
        free(text);
    } else {
        p->out->failed = true;
    }
    va_end(args);
}

/* --- What it says ------------------------------------------------------------------------------------------------- */

static const char *name_of(const follow *f)
{
    return f->report.run[0] != '\0' ? f->report.run : f->dir;
}

/* When a run that no process is at work for was last heard of. */
static double last_heard(const follow *f)
{
    const double by_lock = f->lock.sign == RUN_LOCK_FREE ? NAN : f->lock.set;
    return isnan(f->report.written) ? fmax(by_lock, f->saved) : f->report.written;
}

/* Seconds; clocks of machines may differ. NaN of NaN. */
static double since_then(const follow *f, double when)
{
    return f->now < when ? 0 : f->now - when;
}

static void add_away(const page *p, const char *what)
{
    char since[TIME_SIZE];
    char ago[TIME_SIZE];
    const follow *f = p->f;
    const double when = last_heard(f);
    line(p, NULL, "%s: %s; no process runs since %s (%s ago)", name_of(f), what,
         follow_moment(since, sizeof since, when, f->now), follow_duration(ago, sizeof ago, since_then(f, when)));
}

static void add_training(const page *p)
{
    const follow *f = p->f;
    const status_report *r = &f->report;
    char quiet[TIME_SIZE];
    if (f->reported && f->heard >= LONG_SILENCE) {
        line(p, NULL, "%s: nothing heard of its rank 0 for %s: it is stopped, or its host or disk hangs", name_of(f),
             follow_duration(quiet, sizeof quiet, f->heard));
    } else if (r->idle >= LONG_IDLE && r->waited[0] != '\0') {
        line(p, NULL, "%s: no progress for %s", name_of(f), follow_duration(quiet, sizeof quiet, r->idle));
    } else if (strcmp(r->phase, "validating") == 0) {
        line(p, NULL, "%s: validating", name_of(f));
    } else {
        line(p, NULL, "%s: training%s%s", name_of(f), r->message[0] != '\0' ? ", asked to stop: " : "", r->message);
    }
}

static void add_headline(const page *p)
{
    const follow *f = p->f;
    const status_report *r = &f->report;
    char what[sizeof r->message + 64];
    char when[TIME_SIZE];
    switch (f->stage) {
    case FOLLOW_NOTHING: line(p, NULL, "%s: nothing has begun here yet", f->dir); break;
    case FOLLOW_STARTING:
        line(p, NULL, "%s: a process is starting%s%s", name_of(f), r->phase[0] != '\0' ? ": " : "", r->phase);
        break;
    case FOLLOW_TRAINING: add_training(p); break;
    case FOLLOW_AWAY: add_away(p, "ended without a word, as a killed job does"); break;
    case FOLLOW_SAVED:
        (void)snprintf(what, sizeof what, "stopped and saved%s%s", r->message[0] != '\0' ? ": " : "", r->message);
        add_away(p, what);
        break;
    case FOLLOW_FAILED:
        (void)snprintf(what, sizeof what, "failed with status %.0f", r->exit_status);
        add_away(p, what);
        line(p, "error", "%s", r->message);
        break;
    case FOLLOW_DONE:
        line(p, NULL, "%s: done%s%s", name_of(f), isnan(r->written) ? "" : " at ",
             isnan(r->written) ? "" : follow_moment(when, sizeof when, r->written, f->now));
        break;
    }
}

/* "[=====>    ]  45.2%, 12:03 left": the bar takes what room there is. */
static void add_bar(const page *p, const char *label, double share, const char *behind)
{
    enum { LEAST_BAR = 8, AROUND = 2 };
    const size_t room = p->columns - LABEL;
    const size_t text = text_columns(behind) + sizeof " 100.0%" - 1;
    char percent[16];
    (void)snprintf(percent, sizeof percent, "%5.1f%%", 100 * share);
    if (room < text + AROUND + LEAST_BAR) {
        line(p, label, "%s%s", percent + strspn(percent, " "), behind);
        return;
    }
    const size_t width = room - text - AROUND;
    const size_t filled = (size_t)(share * (double)width);
    text_add(p->out, "%-*s[", LABEL, label);
    for (size_t i = 0; i < width; i++) {
        text_add(p->out, "%c", i < filled ? '=' : i == filled ? '>' : ' ');
    }
    text_add(p->out, "] %s%s\n", percent, behind);
}

static double share_of(double part, double whole)
{
    const double share = whole > 0 ? part / whole : 0;
    return share >= 0 ? fmin(share, 1) : 0;
}

static void add_progress(const page *p)
{
    const status_report *r = &p->f->report;
    const bool at_work = p->f->stage == FOLLOW_TRAINING;
    const follow_left left = follow_left_of(r);
    char until[TIME_SIZE];
    char takes[TIME_SIZE];
    char behind[3 * TIME_SIZE] = "";
    if (isnan(r->epoch) || isnan(r->epochs) || isnan(r->step)) {
        return;
    }
    line(p, "step", "%.0f; epoch %.0f of %.0f, step %.0f of %.0f", r->step, r->epoch, r->epochs, r->epoch_step,
         r->epoch_steps);
    if (at_work && !isnan(left.run)) {
        (void)snprintf(behind, sizeof behind, ", %s left, until %s", follow_duration(takes, sizeof takes, left.run),
                       follow_moment(until, sizeof until, p->f->now + left.run, p->f->now));
    }
    add_bar(p, "run", share_of(r->step, r->epochs * r->epoch_steps), behind);
    behind[0] = '\0';
    if (at_work && !isnan(left.epoch)) {
        (void)snprintf(behind, sizeof behind, ", %s left", follow_duration(takes, sizeof takes, left.epoch));
    }
    add_bar(p, "epoch", share_of(r->epoch_step, r->epoch_steps), behind);
}

static void add_loss(const page *p)
{
    const follow *f = p->f;
    const status_report *r = &f->report;
    const double newest = !isnan(r->loss)      ? r->loss
                          : f->epoch_count > 0 ? f->epochs[f->epoch_count - 1].train_loss
                                               : NAN;
    char number[32];
    if (isnan(newest)) {
        return;
    }
    const int n = snprintf(number, sizeof number, "%.4f%s", newest, f->steps > 0 ? " " : "");
    text_add(p->out, "%-*s%s", LABEL, "loss", number);
    sparkline_add(p->out, f->losses, f->steps, p->columns - LABEL - (size_t)(n > 0 ? n : 0), p->utf8);
    text_add(p->out, "\n");
}

static void add_rate(const page *p)
{
    const status_report *r = &p->f->report;
    if (isnan(r->learning_rate)) {
        return;
    }
    if (p->f->stage == FOLLOW_TRAINING && !isnan(r->images_per_second)) {
        line(p, "rate", "%g; %.1f images/s, %.3g s a step", r->learning_rate, r->images_per_second,
             r->seconds_per_step);
    } else {
        line(p, "rate", "%g", r->learning_rate);
    }
}

static void add_validation(const page *p)
{
    const follow *f = p->f;
    const status_report *r = &f->report;
    const runlog_epoch_row *last = NULL;
    const runlog_epoch_row *best = NULL;
    for (size_t i = 0; i < f->epoch_count; i++) {
        const runlog_epoch_row *row = &f->epochs[i];
        if (isnan(row->val_accuracy)) {
            continue;
        }
        last = row;
        best = best == NULL || row->val_accuracy > best->val_accuracy ? row : best;
    }
    if (last != NULL && (isnan(r->val_epoch) || (double)last->epoch >= r->val_epoch)) {
        line(p, "validation", "epoch %llu: loss %.4f, accuracy %.4f; best accuracy %.4f, epoch %llu",
             (unsigned long long)last->epoch, last->val_loss, last->val_accuracy, best->val_accuracy,
             (unsigned long long)best->epoch);
    } else if (!isnan(r->val_epoch)) {
        line(p, "validation", "epoch %.0f: loss %.4f, accuracy %.4f", r->val_epoch, r->val_loss, r->val_accuracy);
    }
}

/* "on node2, waits for the others 1% of the time; they wait 12%; it waits for pictures 40%" */
static void add_ranks(const page *p)
{
    static const double EVEN = 0.02, WORTH_TELLING = 0.01;
    const status_report *r = &p->f->report;
    if (isnan(r->ranks) || r->ranks < 2) {
        return;
    }
    if (isnan(r->slow_rank)) {
        line(p, "ranks", "%.0f on %.0f node%s", r->ranks, r->nodes, r->nodes == 1 ? "" : "s");
    } else if (r->others_wait - r->slow_waits < EVEN) {
        line(p, "ranks", "%.0f on %.0f node%s, evenly fast; they wait for each other %.0f%% of the time", r->ranks,
             r->nodes, r->nodes == 1 ? "" : "s", 100 * r->others_wait);
    } else {
        char pictures[64] = "";
        if (r->slow_pictures >= WORTH_TELLING) {
            (void)snprintf(pictures, sizeof pictures, "; %.0f%% of its time it waits for pictures",
                           100 * r->slow_pictures);
        }
        line(p, "ranks",
             "%.0f on %.0f node%s; the slowest is rank %.0f on %s: it waits for others %.0f%% of the time, "
             "they %.0f%%%s",
             r->ranks, r->nodes, r->nodes == 1 ? "" : "s", r->slow_rank, r->slow_host, 100 * r->slow_waits,
             100 * r->others_wait, pictures);
    }
}

static void add_checkpoint(const page *p)
{
    const follow *f = p->f;
    char age[TIME_SIZE];
    if (f->checkpoint[0] == '\0') {
        line(p, "checkpoint", "none yet");
    } else {
        line(p, "checkpoint", "%s, %s old", f->checkpoint, follow_duration(age, sizeof age, since_then(f, f->saved)));
    }
}

static void add_limit(const page *p)
{
    const follow *f = p->f;
    const double within = f->report.limit - f->now;
    const follow_left left = follow_left_of(&f->report);
    char when[TIME_SIZE];
    char left_text[TIME_SIZE];
    if (isnan(f->report.limit)) {
        return;
    }
    line(p, "time limit", "%s, in %s%s", follow_moment(when, sizeof when, f->report.limit, f->now),
         follow_duration(left_text, sizeof left_text, fmax(within, 0)),
         left.run > within ? "; it will save and stop before its last epoch ends" : "");
}

static void add_process(const page *p)
{
    const follow *f = p->f;
    const status_report *r = &f->report;
    char since[TIME_SIZE];
    char heard[TIME_SIZE];
    if (!f->reported) {
        line(p, "process", "%s", f->lock.owner);
        return;
    }
    line(p, "process", "pid %.0f on %s%s%s, since %s; heard of %s ago", r->pid, r->host, r->job[0] != '\0' ? ", " : "",
         r->job, follow_moment(since, sizeof since, r->started, f->now),
         follow_duration(heard, sizeof heard, fmax(f->heard, 0)));
}

void follow_view(text_builder *out, const follow *f, const follow_screen *screen)
{
    const size_t columns = screen->columns > LEAST_COLUMNS ? screen->columns : LEAST_COLUMNS + 1;
    const page p = {.out = out, .f = f, .columns = columns - 1, .utf8 = screen->utf8};
    const bool at_work = f->stage == FOLLOW_TRAINING || f->stage == FOLLOW_STARTING;
    add_headline(&p);
    if (f->stage != FOLLOW_NOTHING) {
        if (f->report.waited[0] != '\0' && f->stage != FOLLOW_DONE) {
            line(&p, at_work ? "waits for" : "waited for", "%s", f->report.waited);
        }
        add_progress(&p);
        add_loss(&p);
        add_rate(&p);
        add_validation(&p);
        if (f->report.verdict[0] != '\0') {
            line(&p, "filters", "%s", f->report.verdict);
        }
        if (at_work) {
            add_ranks(&p);
        }
        add_checkpoint(&p);
        if (at_work) {
            add_limit(&p);
            add_process(&p);
        }
    }
    if (f->note[0] != '\0') {
        line(&p, "note", "%s", f->note);
    }
}
