#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/output.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/command.h"
#include "cli/eval_outputs.h"
#include "cli/report_files.h"
#include "cli/report_html.h"
#include "cli/report_run.h"
#include "cli/run_options.h"

enum { DEFAULT_WORST = 12 };

static const char help[] =
    "usage: lockstep report RUN_DIR...\n"
    "       lockstep report RUN_DIR... [-o FILE.html] [--svg DIR | --png DIR] [--no-eval] [--data FILE] [--threads N]\n"
    "                                  [--worst N]\n"
    "\n"
    "The article's table from the logs and newest checkpoints of runs: accuracy and mean |w| from first to last, the\n"
    "watched weights at the first and last print, and which of the article's findings the runs show.\n"
    "\n"
    "  -o, --output FILE.html  instead a page, in one file, for a browser or on paper: what the runs show in "
    "sentences,\n"
    "                          charts, and what their newest checkpoints answer to the validation pictures\n"
    "  --svg DIR               each chart of the page as an SVG file of its own in this folder\n"
    "  --png DIR               as PNG too, by rsvg-convert (Debian's librsvg2-bin) or chromium\n"
    "  --no-eval               without those answers, and so without the data set and its pictures\n"
    "  --data FILE             the data set that trained, where it is no longer where the configuration says\n"
    "  --threads N             computing threads (default: as in training)\n"
    "  --worst N               how many of the pictures with the largest loss the page shows (default 12)\n"
    "\n"
    "example: lockstep report checkpoints/bn checkpoints/l2 checkpoints/bn_l2\n";

typedef struct report_arguments {
    const char *output, *svg, *png, *data;
    uint64_t threads, worst;
    bool no_eval;
    const char *of_page; /* an option that is given, and is for a page alone */
} report_arguments;

#define OF_PAGE ARGS_MARK(report_arguments, of_page)

static const args_option options[] = {
    {"output", ARGS_TEXT, ARGS_FIELD(report_arguments, output), .letter = 'o'},
    {"svg", ARGS_TEXT, ARGS_FIELD(report_arguments, svg)},
    {"png", ARGS_TEXT, ARGS_FIELD(report_arguments, png)},
    {"no-eval", ARGS_FLAG, ARGS_FIELD(report_arguments, no_eval), OF_PAGE},
    {"data", ARGS_TEXT, ARGS_FIELD(report_arguments, data), OF_PAGE},
    {"threads", ARGS_WHOLE, ARGS_FIELD(report_arguments, threads), .least = 1, .most = 1024, OF_PAGE},
    {"worst", ARGS_WHOLE, ARGS_FIELD(report_arguments, worst), .least = 0, .most = 1000, OF_PAGE},
    {0},
};

static int name_width(const report_run *runs, size_t count)
{
    size_t width = sizeof "run" - 1;
    for (size_t i = 0; i < count; i++) {
        width = strlen(runs[i].data.dir) > width ? strlen(runs[i].data.dir) : width;
    }
    return (int)width;
}

static void print_table(const report_run *runs, size_t count)
{
    const int width = name_width(runs, count);
    log_info("%-*s  %-10s  %6s  %-18s  %-19s  %s", width, "run", "experiment", "epochs", "training accuracy",
             "validation accuracy", "mean |w|");
    for (size_t i = 0; i < count; i++) {
        char train[64];
        char val[64];
        char weight[64];
        const runlog_epoch_row *first = &runs[i].data.epochs[0];
        const runlog_epoch_row *last = &runs[i].data.epochs[runs[i].facts.count - 1];
        log_info("%-*s  %-10s  %6zu  %-18s  %-19s  %s", width, runs[i].data.dir, runs[i].data.info.experiment,
                 runs[i].facts.count,
                 run_data_span(train, sizeof train, first->train_accuracy, last->train_accuracy, 4),
                 run_data_span(val, sizeof val, first->val_accuracy, last->val_accuracy, 4),
                 run_data_span(weight, sizeof weight, first->start_mean_abs_weight, last->mean_abs_weight, 6));
    }
}

/* Bits are comparable only where the arithmetic was the same. */
static void print_origins(const report_run *runs, size_t count)
{
    char text[256];
    for (size_t i = 0; i < count; i++) {
        if (runs[i].data.info.origin.count > 1) {
            log_info("%s: computed by %s; its bits are those of no run by one arithmetic alone", runs[i].data.dir,
                     origin_describe(text, sizeof text, &runs[i].data.info.origin));
        }
    }
}

static void print_row(const runlog_epoch_row *row)
{
    text_builder line = {0};
    for (size_t i = 0; i < RUNLOG_FIRST_WEIGHTS && !isnan(row->first_weights[i]); i++) {
        text_add(&line, " % .8f", row->first_weights[i]);
    }
    log_info("  epoch %3llu starts with%s", (unsigned long long)row->epoch, text_of(&line));
    text_release(&line);
}

static void print_watched(const report_run *runs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        log_info("%s", "");
        log_info("%s: first weights of %s", runs[i].data.dir, runs[i].data.saved.log.print_layer);
        print_row(&runs[i].data.epochs[0]);
        if (runs[i].facts.count > 1) {
            print_row(&runs[i].data.epochs[runs[i].facts.count - 1]);
        }
    }
}

static void print_findings_of(const report_run *r, const report_run *bn)
{
    finding found[REPORT_SENTENCES];
    const size_t n = report_findings(found, r, bn);
    for (size_t i = 0; i < n; i++) {
        log_info("  %s (%s) %s: %s (%s)", r->data.dir, r->data.info.experiment, finding_word(found[i].verdict),
                 found[i].claim, found[i].figures);
    }
    if (n == 0) {
        log_info("  %s (%s): the article has no such experiment", r->data.dir, r->data.info.experiment);
    }
}

static void print_findings(const report_run *runs, size_t count)
{
    const report_run *bn = report_find(runs, count, "bn");
    log_info("%s", "");
    log_info("findings of the article");
    log_info(
        "  thresholds: accuracy rises by %g or more from the first to the last epoch, or errors fall to %g%% or less;",
        FINDING_RISE, 100 * FINDING_ERRORS);
    log_info(
        "  mean |w| grows by %g%% or more; shrinking weights have last/first between 0 and 1 and within %g%% of each "
        "other",
        100 * FINDING_GROWTH, 100 * FINDING_SPREAD);
    for (size_t i = 0; i < count; i++) {
        print_findings_of(&runs[i], bn);
    }
}

/* What the table does not show: a validation accuracy that is not the network's. */
static void warn_of_moving(const report_run *r)
{
    const moving_lag lag = run_options_lag(&r->data.info, &r->data.saved);
    if (r->data.saved.batch_norm.evaluate == BATCH_NORM_MOVING && moving_is_far(&lag)) {
        moving_warn(r->data.dir, &lag,
                    "its validation accuracy says little: use batch_norm.evaluate=precise, more steps, or");
    }
}

static void print_report(const report_run *runs, size_t count)
{
    print_table(runs, count);
    print_origins(runs, count);
    print_watched(runs, count);
    print_findings(runs, count);
    for (size_t i = 0; i < count; i++) {
        warn_of_moving(&runs[i]);
    }
}

static const char *const a_report = "a report";

/* Whether a page is made of the runs, for itself or for its charts. */
static bool makes_page(const report_arguments *a)
{
    return a->output != NULL || a->svg != NULL || a->png != NULL;
}

static int write_page(const report_arguments *a, report_files *files, const report_run *runs, size_t count)
{
    figure_files apart = {0};
    page made = {.apart = files->folder != NULL ? &apart : NULL};
    int code = report_html_make(&made, runs, count);
    if (code == LS_OK && a->output != NULL) {
        code = output_write_text(a->output, a_report, text_of(&made.text), made.text.length);
    }
    if (code == LS_OK && files->folder != NULL) {
        code = report_files_write(files, &apart);
    }
    figure_files_release(&apart);
    text_release(&made.text);
    return code;
}

/* Before any work: LS_EUSAGE where options do not go together, and what the outputs say. */
static int check_arguments(const report_arguments *a, report_files *files)
{
    const eval_outputs to = {.json = a->output}; /* over no data set, nor over a run's file */
    if (!makes_page(a) && a->of_page != NULL) {
        return error_set(LS_EUSAGE, "--%s is for a page; name it with -o FILE.html", a->of_page);
    }
    if (a->svg != NULL && a->png != NULL) {
        return error_set(LS_EUSAGE, "--svg and --png: the latter makes SVG files too; leave out one of them");
    }
    const int code = eval_outputs_prepare(&to, NULL, 0);
    const char *folder = a->png != NULL ? a->png : a->svg;
    return code == LS_OK && folder != NULL ? report_files_begin(files, folder, a->png != NULL) : code;
}

static int read_runs(report_run *runs, size_t count, char **dirs)
{
    int code = LS_OK;
    for (size_t i = 0; code == LS_OK && i < count; i++) {
        code = report_run_read(&runs[i], dirs[i]);
    }
    if (code == LS_OK) {
        report_run_name(runs, count);
    }
    return code;
}

static int make_report(const report_arguments *a, report_files *files, report_run *runs, size_t count)
{
    if (!makes_page(a)) {
        print_report(runs, count);
        return LS_OK;
    }
    const report_eval_options o = {a->data, (int)a->threads, (size_t)a->worst};
    const int code = a->no_eval ? LS_OK : report_run_evaluate(runs, count, &o);
    return code == LS_OK ? write_page(a, files, runs, count) : code;
}

static int report(const report_arguments *a, char **dirs, size_t count)
{
    report_files files = {0};
    report_run *runs = calloc(count, sizeof *runs);
    int code = runs == NULL ? error_set(LS_ENOMEM, "out of memory for %zu runs", count) : check_arguments(a, &files);
    if (code == LS_OK) {
        code = read_runs(runs, count, dirs);
    }
    if (code == LS_OK) {
        code = make_report(a, &files, runs, count);
    }
    for (size_t i = 0; runs != NULL && i < count; i++) {
        report_run_release(&runs[i]);
    }
    report_files_end(&files);
    free(runs);
    return code;
}

static int run(int argc, char **argv)
{
    report_arguments a = {.worst = DEFAULT_WORST};
    const int code = args_read_all(&a, argc, argv, options, 1, ARGS_ANY_NUMBER, "RUN_DIR...");
    return code == LS_OK ? report(&a, argv + optind, (size_t)(argc - optind)) : code;
}

const command report_command = {
    .name = "report",
    .summary = "the article's table and findings from the folders of runs, or a page of charts",
    .help = help,
    .run = run,
};
