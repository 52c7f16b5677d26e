#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/command.h"
#include "cli/run_data.h"

static const char help[] =
    "usage: lockstep compare RUN...\n"
    "\n"
    "Runs side by side: what their configurations differ in, how they began and where they are: losses, accuracies, "
    "the\n"
    "article's mean |w| and first weights, and where each stands between decay and BatchNorm.\n"
    "\n"
    "example: lockstep compare checkpoints/digits-bn checkpoints/digits-l2 checkpoints/digits-bn_l2\n";

static const args_option options[] = {{0}};

enum { CELL = 64, SHOWN_WEIGHTS = 3 };

/* The runs and, while a row is made, its cells. */
typedef struct comparison {
    run_data *runs; /* owned; [count] */
    size_t count;
    char (*cells)[CELL]; /* owned; [count] */
    char *keys;          /* owned: keys in which any differ from the first, each with a newline */
} comparison;

typedef void (*fill_cell)(char out[CELL], const run_data *d);

static void print_row(const comparison *c, const char *name)
{
    text_builder line = {0};
    text_add(&line, "%-26s", name);
    for (size_t i = 0; i < c->count; i++) {
        text_add(&line, "  %-28s", c->cells[i]);
    }
    log_info("%s", text_of(&line));
    text_release(&line);
}

static void row(const comparison *c, const char *name, fill_cell fill)
{
    for (size_t i = 0; i < c->count; i++) {
        fill(c->cells[i], &c->runs[i]);
    }
    print_row(c, name);
}

static void put(char out[CELL], const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(char out[CELL], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(out, CELL, format, arguments);
    va_end(arguments);
}

static const runlog_epoch_row *first_row(const run_data *d)
{
    return &d->epochs[0];
}

static const runlog_epoch_row *last_row(const run_data *d)
{
    return &d->epochs[d->count - 1];
}

/* The end of a path is what tells runs apart. */
static void put_name(char out[CELL], const run_data *d)
{
    const size_t length = strlen(d->dir);
    const size_t room = 28;
    put(out, "%s", length > room ? d->dir + length - room : d->dir);
}

static void put_experiment(char out[CELL], const run_data *d)
{
    put(out, "%s", d->info.experiment);
}

static void put_epochs(char out[CELL], const run_data *d)
{
    put(out, "%zu of %" PRIu64, d->count, d->saved.train.epochs);
}

static void put_steps(char out[CELL], const run_data *d)
{
    put(out, "%" PRIu64, d->info.step);
}

static void put_train_loss(char out[CELL], const run_data *d)
{
    (void)run_data_span(out, CELL, first_row(d)->train_loss, last_row(d)->train_loss, 4);
}

static void put_train_accuracy(char out[CELL], const run_data *d)
{
    (void)run_data_span(out, CELL, first_row(d)->train_accuracy, last_row(d)->train_accuracy, 4);
}

static void put_val_accuracy(char out[CELL], const run_data *d)
{
    (void)run_data_span(out, CELL, first_row(d)->val_accuracy, last_row(d)->val_accuracy, 4);
}

static void put_best(char out[CELL], const run_data *d)
{
    const runlog_epoch_row *best = first_row(d);
    for (size_t i = 1; i < d->count; i++) {
        best = d->epochs[i].val_accuracy > best->val_accuracy ? &d->epochs[i] : best;
    }
    if (isnan(best->val_accuracy)) {
        put(out, "-");
    } else {
        put(out, "%.4f, epoch %" PRIu64, best->val_accuracy, best->epoch);
    }
}

static void put_mean_abs(char out[CELL], const run_data *d)
{
    (void)run_data_span(out, CELL, first_row(d)->start_mean_abs_weight, last_row(d)->mean_abs_weight, 6);
}

static void put_speed(char out[CELL], const run_data *d)
{
    put(out, "%.1f", last_row(d)->images_per_second);
}

static void put_stand(char out[CELL], const run_data *d)
{
    (void)run_data_stand(out, CELL, d);
}

static void put_clock(char out[CELL], const run_data *d)
{
    const rate_run run = run_data_rate_run(d);
    put(out, "%.2f", d->saved.model.batch_norm ? verdict_clock(&d->saved.optimizer, &run, 0, d->info.step) : 0);
}

static void print_weights(const comparison *c)
{
    for (size_t k = 0; k < SHOWN_WEIGHTS; k++) {
        char name[CELL];
        put(name, "%s, weight %zu", c->runs[0].saved.log.print_layer, k + 1);
        for (size_t i = 0; i < c->count; i++) {
            (void)run_data_span(c->cells[i], CELL, first_row(&c->runs[i])->first_weights[k],
                                last_row(&c->runs[i])->first_weights[k], 5);
        }
        print_row(c, name);
    }
}

/* A key that differs between the first run and another: once. */
static void note_key(void *context, const char *key, const char *a, const char *b)
{
    comparison *c = context;
    const size_t length = strlen(c->keys);
    (void)a;
    (void)b;
    for (const char *at = c->keys; *at != '\0'; at = strchr(at, '\n') + 1) {
        if (strncmp(at, key, strlen(key)) == 0 && at[strlen(key)] == '\n') {
            return;
        }
    }
    char *more = realloc(c->keys, length + strlen(key) + 2);
    if (more != NULL) {
        c->keys = more;
        (void)sprintf(more + length, "%s\n", key);
    }
}

/* The value of a key in a run, as it stands in YAML. */
typedef struct value_wanted {
    const char *key;
    char *cell;
    bool of_second;
} value_wanted;

static void take_value(void *context, const char *key, const char *a, const char *b)
{
    const value_wanted *w = context;
    if (strcmp(key, w->key) == 0) {
        put(w->cell, "%s", w->of_second ? b : a);
    }
}

static int find_keys(comparison *c)
{
    int code = LS_OK;
    c->keys = calloc(1, 1);
    if (c->keys == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the keys");
    }
    for (size_t i = 1; code >= 0 && i < c->count; i++) {
        code = config_changes(&c->runs[0].saved, &c->runs[i].saved, note_key, c);
    }
    return code < 0 ? code : LS_OK;
}

/* A key's value in each run: the first run's where a run does not differ from it. */
static void print_key(const comparison *c, const char *key)
{
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t i = 1; i < c->count; i++) {
            value_wanted w = {.key = key, .cell = c->cells[pass == 0 ? 0 : i], .of_second = pass == 1};
            if (pass == 1) {
                put(c->cells[i], "%s", c->cells[0]);
            }
            (void)config_changes(&c->runs[0].saved, &c->runs[i].saved, take_value, &w);
        }
    }
    print_row(c, key);
}

static void print_differences(const comparison *c)
{
    char key[CELL];
    for (const char *at = c->keys; *at != '\0'; at = strchr(at, '\n') + 1) {
        const size_t length = (size_t)(strchr(at, '\n') - at);
        put(key, "%.*s", (int)length, at);
        print_key(c, key);
    }
}

static void print_all(const comparison *c)
{
    row(c, "run", put_name);
    row(c, "experiment", put_experiment);
    print_differences(c);
    row(c, "epochs", put_epochs);
    row(c, "steps", put_steps);
    row(c, "training loss", put_train_loss);
    row(c, "training accuracy", put_train_accuracy);
    row(c, "validation accuracy", put_val_accuracy);
    row(c, "  the best", put_best);
    row(c, "mean |w|", put_mean_abs);
    print_weights(c);
    row(c, "filters", put_stand);
    row(c, "time constants", put_clock);
    row(c, "images/s", put_speed);
}

static int run(int argc, char **argv)
{
    comparison c = {0};
    int code = args_read_all(NULL, argc, argv, options, 1, ARGS_ANY_NUMBER, "RUN...");
    if (code != LS_OK) {
        return code;
    }
    const size_t count = (size_t)(argc - optind);
    c.runs = calloc(count, sizeof *c.runs);
    c.cells = calloc(count, sizeof *c.cells);
    if (c.runs == NULL || c.cells == NULL) {
        code = error_set(LS_ENOMEM, "out of memory for %zu runs", count);
        goto cleanup;
    }
    for (; code == LS_OK && c.count < count; c.count++) {
        code = run_data_read(&c.runs[c.count], argv[optind + (int)c.count]);
    }
    if (code == LS_OK) {
        code = find_keys(&c);
    }
    if (code == LS_OK) {
        print_all(&c);
    }
cleanup:
    for (size_t i = 0; i < c.count; i++) {
        run_data_release(&c.runs[i]);
    }
    free(c.runs);
    free(c.cells);
    free(c.keys);
    return code;
}

const command compare_command = {
    .name = "compare",
    .summary = "runs side by side: configurations, accuracies, weights, and where they stand",
    .help = help,
    .run = run,
};
