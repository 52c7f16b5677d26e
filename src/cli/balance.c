#include <stdbool.h>

#include "base/error.h"
#include "base/log.h"
#include "cli/args.h"
#include "cli/balance_course.h"
#include "cli/balance_table.h"
#include "cli/command.h"
#include "cli/run_data.h"
#include "instrument/decay_law.h"
#include "network/network.h"
#include "optim/optimizer.h"
#include "store/runlog_columns.h"

static const char help[] =
    "usage: lockstep balance RUN [--from STEP] [--to STEP] [--course N]\n"
    "\n"
    "What decay and BatchNorm did to the filters of each convolution before a BatchNorm, as the run's log measured\n"
    "it, beside what their balance (*) predicts. Columns: the norm of a filter; the angle in radians that an update\n"
    "turns it by; |g|/|w|; what pushes ln |w| outward and what decay takes of it, an update; the effective rate; the\n"
    "95th percentile of the norms over the 5th; the angle to where the run began. Then how far BatchNorm's epsilon\n"
    "leaves the filters from scale-invariant: e/(v + e), cos(g, w), and g.w as measured and as epsilon makes it. What\n"
    "is not scale-invariant is held against decay alone. Last comes where the run stands. docs/instrument.md has the\n"
    "formulas.\n"
    "\n"
    "  --from STEP  measurements from this step on (default: the second half of the run)\n"
    "  --to STEP    up to this step\n"
    "  --course N   not layer by layer, but how the run went, in N rows: medians over the layers; of the angle also\n"
    "               what 5% and 95% of the layers are below (default then: the whole run)\n"
    "\n"
    "example: lockstep balance checkpoints/digits-bn_l2\n";

typedef struct balance_arguments {
    uint64_t from, to;
    uint64_t course; /* rows; 0: layer by layer */
} balance_arguments;

static const args_option options[] = {
    {"from", ARGS_WHOLE, ARGS_FIELD(balance_arguments, from), .least = 1, .most = INT64_MAX},
    {"to", ARGS_WHOLE, ARGS_FIELD(balance_arguments, to), .least = 1, .most = INT64_MAX},
    {"course", ARGS_WHOLE, ARGS_FIELD(balance_arguments, course), .least = 1, .most = 10000},
    {0},
};

/* What decay alone makes of a weight from the end of the first epoch to that of the last. */
static double decay_alone(const run_data *d)
{
    const rate_run run = run_data_rate_run(d);
    const uint64_t from = d->epochs[0].start_step + run.steps_per_epoch;
    const uint64_t to = d->epochs[d->norms.epochs - 1].start_step + run.steps_per_epoch;
    return decay_law_factor(&d->saved.optimizer, &run, from, to);
}

/* Tensors that are not scale-invariant: whether anything but decay moves their norms. t: of the log's tensors. */
static void print_others(const run_data *d, const tensor_table *t)
{
    const runlog_norms *n = &d->norms;
    const double factor = decay_alone(d);
    size_t column = 0;
    size_t others = 0;
    log_info("  not scale-invariant, norms after epochs 1 and %zu; decay alone makes them times %.6g", n->epochs,
             factor);
    for (size_t i = 0; i < t->count; i++) {
        if (t->tensors[i].vector != TENSOR_WEIGHTS) {
            continue;
        }
        const double first = n->norms[column];
        const double last = n->norms[(n->epochs - 1) * n->tensors + column];
        const char *name = n->names[column++];
        if (filters_invariant(&t->tensors[i])) {
            continue;
        }
        if (optimizer_decays(&d->saved.optimizer, &t->tensors[i])) {
            log_info("  %-30s %10.5f -> %10.5f, times %.6g, %.4g of decay alone", name, first, last, last / first,
                     last / first / factor);
        } else {
            others++;
        }
    }
    if (others > 0) {
        log_info("  and %zu tensors without decay", others);
    }
}

static int print_not_invariant(const run_data *d)
{
    const network_spec of = {.classes = d->info.class_count, .options = d->saved.model};
    tensor_table t;
    int code = network_describe(&t, &of);
    if (code != LS_OK) {
        return code;
    }
    if (runlog_names_match(d->norms.names, d->norms.tensors, &t)) {
        print_others(d, &t);
    } else {
        code =
            error_set(LS_EFORMAT, "%s/log.h5: is of another network than the checkpoint; use `lockstep fsck`", d->dir);
    }
    tensor_table_release(&t);
    return code;
}

static void print_verdict(const run_data *d)
{
    char text[80];
    const verdict v = run_data_verdict(d);
    log_info("  %s; %.2f time constants are over", verdict_text(text, sizeof text, &v), v.clock);
}

static int print_measured(const run_data *d, const balance_arguments *a)
{
    const uint64_t last = d->measured.steps[d->measured.count - 1];
    const uint64_t to = a->to > 0 ? a->to : last;
    const uint64_t begin = a->course > 0 ? 1 : last / 2 + 1;
    const uint64_t from = a->from > 0 ? a->from : begin;
    if (a->course > 0) {
        return balance_course_print(&d->measured, from, to, &d->saved.optimizer, (size_t)a->course);
    }
    return balance_table_print(&d->measured, from, to, &d->saved.optimizer);
}

static int print_run(const run_data *d, const balance_arguments *a)
{
    const bool measured = d->measured.count > 0;
    if (d->saved.model.batch_norm && !measured) {
        return error_set(LS_EUSAGE,
                         "%s/log.h5: holds no measurements of filters; train with log.instrument=light and more than "
                         "log.instrument_every steps",
                         d->dir);
    }
    log_info("%s: %s", d->dir, d->info.experiment);
    int code = measured ? print_measured(d, a) : LS_OK;
    if (code == LS_OK && d->norms.epochs > 1) {
        code = print_not_invariant(d);
    }
    if (code == LS_OK && measured) {
        print_verdict(d);
    }
    return code;
}

static int run(int argc, char **argv)
{
    balance_arguments a = {0};
    run_data d = {0};
    int code = args_read_all(&a, argc, argv, options, 1, 1, "RUN");
    if (code == LS_OK) {
        code = run_data_read(&d, argv[optind]);
    }
    if (code == LS_OK) {
        code = print_run(&d, &a);
    }
    run_data_release(&d);
    return code;
}

const command balance_command = {
    .name = "balance",
    .summary = "what decay and BatchNorm did to a run's filters, measured and predicted",
    .help = help,
    .run = run,
};
