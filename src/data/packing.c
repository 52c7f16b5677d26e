#include "data/packing.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/signals.h"
#include "base/text.h"
#include "io/temporary.h"

/* Rows of the table of classes. inspect shows all. */
enum { ROWS = 50 };

int packing_begin(packing *p, const char *out, const char *unit)
{
    const double now = clock_seconds();
    *p = (packing){.out = out,
                   .account = {.unit = unit},
                   .wanted = {[DATASET_TRAIN] = true},
                   .begun = now,
                   .shown = now,
                   .said = now};
    return temporary_prepare(out, "a data set");
}

void packing_show(packing *p, size_t done, size_t all)
{
    static const double each = 0.1;
    static const double each_line = 60;
    const double now = clock_seconds();
    text_builder line = {0};
    if (now < p->shown + each) {
        return;
    }
    p->shown = now;
    const double rate = (double)done / (now - p->begun);
    text_add(&line, "packing: %zu", done);
    if (all > 0) {
        text_add(&line, " of %zu", all);
    }
    text_add(&line, " %s, %.0f a second", p->account.unit, rate);
    if (all > done && rate > 0) {
        text_add(&line, ", %.0f s to go", (double)(all - done) / rate);
    }
    log_progress("%s", text_of(&line));
    if (!log_is_terminal() && now >= p->said + each_line) {
        p->said = now;
        log_info("%s", text_of(&line));
    }
    text_release(&line);
}

int packing_use(packing *p, const pack_directory_options *options)
{
    p->account.strict = options->strict;
    p->choice = options->choice;
    p->dry_run = options->dry_run;
    p->limit = options->limit;
    p->storing = options->storing;
    p->maker = options->maker;
    p->val_fraction = options->val_fraction;
    p->seed = options->seed;
    if (!(options->val_fraction >= 0 && options->val_fraction < 1)) {
        return error_set(LS_EUSAGE, "pack: the fraction for validation must be at least 0 and below 1");
    }
    return options->resumable && !options->dry_run ? pack_resume_open(&p->resume, p->out) : LS_OK;
}

int packing_pipe(packing *p, pack_pipe **out, pack_taker *take, void *context)
{
    if (p->resume != NULL) {
        signals_catch();
    }
    return pack_pipe_create(out, 0, &p->storing, take, context, p->resume);
}

void packing_settle_validation(packing *p, const char *where, const char *why)
{
    bool *wanted = &p->wanted[DATASET_VAL];
    for (size_t i = 0; i < p->items.count && !*wanted; i++) {
        *wanted = p->items.items[i].split == DATASET_VAL;
    }
    if (*wanted && p->val_fraction > 0) {
        log_info("%s: %s, so none are chosen by fraction", where, why);
        p->val_fraction = 0;
    }
    *wanted = *wanted || p->val_fraction > 0;
}

/* Count a picture of a class and split; *full: there are enough without it. */
static int count_one(packing *p, const dataset_item *item, bool *full)
{
    const size_t label = (size_t)item->label;
    *full = false;
    if (p->limit == 0) {
        return LS_OK;
    }
    if (label >= p->taken_capacity) {
        const size_t capacity = 2 * label + 64;
        size_t *more = realloc(p->taken, capacity * DATASET_SPLITS * sizeof *more);
        if (more == NULL) {
            return error_set(LS_ENOMEM, "pack: no memory for %zu classes", capacity);
        }
        memset(more + p->taken_capacity * DATASET_SPLITS, 0,
               (capacity - p->taken_capacity) * DATASET_SPLITS * sizeof *more);
        p->taken = more;
        p->taken_capacity = capacity;
    }
    size_t *count = &p->taken[label * DATASET_SPLITS + item->split];
    *full = *count == p->limit;
    *count += !*full;
    return LS_OK;
}

static int write_one(packing *p, const dataset_item *item, const uint8_t *bytes)
{
    if (p->dry_run) {
        return LS_OK;
    }
    /* not before the first, so that nobody who looks through folders finds it there */
    const int code = p->to == NULL ? dataset_writer_open(&p->to, p->out, &p->storing.pixels) : LS_OK;
    return code == LS_OK ? dataset_writer_add(p->to, bytes, item->size) : code;
}

int packing_take(packing *p, const dataset_item *item, const uint8_t *bytes)
{
    bool full = false;
    int code = count_one(p, item, &full);
    if (full) {
        code = pack_pass(&p->account, PACK_LIMIT, item->name, "is beyond the limit");
        pack_item_release(item);
        return code;
    }
    if (code == LS_OK) {
        code = write_one(p, item, bytes);
    }
    const int added = pack_items_add(&p->items, *item);
    return code == LS_OK ? added : code;
}

/* A signal came: keep what was written. */
static int stop(packing *p)
{
    size_t kept = 0;
    const char *signal = signals_name(signals_received());
    const int code = pack_resume_keep(p->resume, p->to, p->items.items, p->items.count, p->resumed, &kept);
    if (code != LS_OK) {
        return error_prefix(code, "%s: stopped by %s, and what was packed cannot be kept", p->out, signal);
    }
    return error_set(LS_ERROR,
                     kept == 0 ? "%s: stopped by %s; nothing was packed"
                               : "%s: stopped by %s; the same command goes on with the %zu pictures that are "
                                 "in %s.partial",
                     p->out, signal, kept, p->out);
}

int packing_stopped(packing *p)
{
    return p->resume != NULL && signals_received() != 0 ? stop(p) : LS_OK;
}

int packing_receive(packing *p, pack_picture *picture, const char *shown)
{
    const int stopped = packing_stopped(p);
    if (stopped != LS_OK) {
        pack_item_release(&picture->item);
        picture->item = (dataset_item){0};
        return stopped;
    }
    p->resumed += picture->resumed;
    if (picture->code == LS_OK) {
        if (picture->note[0] != '\0') {
            pack_note(&p->account, shown, picture->note);
        }
        return packing_take(p, &picture->item, picture->file.bytes);
    }
    const int code = picture->code == LS_EIO || picture->code == LS_EFORMAT
                         ? pack_pass(&p->account, picture->reason, shown, "%s", picture->what)
                         : error_set(picture->code, "%.600s: %s", shown, picture->what);
    pack_item_release(&picture->item);
    return code;
}

static int commit(packing *p)
{
    if (p->items.count == 0) {
        return error_set(LS_EUSAGE, "%s: no pictures to pack", p->out);
    }
    return p->dry_run ? LS_OK
                      : dataset_writer_commit(p->to, p->items.items, p->items.count,
                                              (const char *const *)p->classes.names, p->classes.count, &p->maker);
}

static void count(packing *p, size_t (*counts)[DATASET_SPLITS])
{
    pack_result *sum = &p->account.sum;
    for (size_t i = 0; i < p->items.count; i++) {
        const dataset_item *item = &p->items.items[i];
        counts[item->label][item->split]++;
        sum->taken[item->split]++;
    }
    sum->entries += p->items.count;
    sum->classes = p->classes.count;
}

static void log_row(const packing *p, const char *name, const size_t row[DATASET_SPLITS])
{
    if (p->account.sum.taken[DATASET_TEST] > 0) {
        log_info("  %-24s %7zu training %7zu validation %7zu test", name, row[DATASET_TRAIN], row[DATASET_VAL],
                 row[DATASET_TEST]);
    } else {
        log_info("  %-24s %7zu training %7zu validation", name, row[DATASET_TRAIN], row[DATASET_VAL]);
    }
}

/* Classes without pictures have had their line. */
static void log_classes(const packing *p, size_t (*counts)[DATASET_SPLITS])
{
    size_t filled = 0;
    for (size_t c = 0; c < p->classes.count; c++) {
        const size_t *row = counts[c];
        if (row[DATASET_TRAIN] + row[DATASET_VAL] + row[DATASET_TEST] > 0 && filled++ < ROWS) {
            log_row(p, p->classes.names[c], row);
        }
    }
    if (filled > ROWS) {
        log_info("  ... and %zu more classes with pictures", filled - ROWS);
    }
}

static void log_totals(const packing *p)
{
    size_t bytes = 0;
    size_t turned = 0;
    size_t profiled = 0;
    for (size_t i = 0; i < p->items.count; i++) {
        bytes += p->items.items[i].size;
        turned += p->items.items[i].turned;
        profiled += p->items.items[i].profiled;
    }
    log_info("  %zu classes, %.1f MB", p->classes.count, (double)bytes * 1e-6);
    if (turned > 0) {
        log_info("  %zu pictures have a tag that says which side is up", turned);
    }
    if (profiled > 0) {
        log_info("  %zu pictures have a colour profile other than sRGB; profiles are not applied", profiled);
    }
}

int packing_finish(packing *p, pack_result *result)
{
    size_t(*counts)[DATASET_SPLITS] = calloc(p->classes.count + 1, sizeof *counts);
    if (counts == NULL) {
        return error_set(LS_ENOMEM, "pack: no memory for %zu classes", p->classes.count);
    }
    int code = packing_choose(&p->items, p->val_fraction, p->seed);
    if (code != LS_OK) {
        goto cleanup;
    }
    count(p, counts);
    pack_account_rest(&p->account);
    packing_warn_lacking(p, counts);
    code = packing_warn_alike(&p->classes);
    if (code == LS_OK) {
        code = packing_warn_twice(&p->items);
    }
    if (code == LS_OK) {
        code = packing_warn_look_alike(&p->items);
    }
    if (code != LS_OK) {
        goto cleanup;
    }
    code = commit(p);
    if (code != LS_OK) {
        goto cleanup;
    }
    if (p->resume != NULL) {
        pack_resume_finish(p->resume, p->resumed);
    }
    log_classes(p, counts);
    log_totals(p);
    if (p->dry_run) {
        log_info("nothing was written (--dry-run)");
    }
    pack_account_sum(&p->account, p->out);
    if (result != NULL) {
        *result = p->account.sum;
    }
cleanup:
    free(counts);
    return code;
}

void packing_release(packing *p)
{
    dataset_writer_free(p->to);
    pack_resume_free(p->resume);
    free(p->taken);
    pack_names_release(&p->classes);
    pack_items_release(&p->items);
}
