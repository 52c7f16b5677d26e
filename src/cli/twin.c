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
#include "cli/parallel.h"
#include "cli/run_options.h"
#include "cli/which.h"
#include "store/file_kind.h"
#include "train/twins.h"

static const char help[] =
    "usage: [mpirun -n RANKS] lockstep twin RUN|CONFIG.yaml [--steps N] [--threads N] [-o FILE]\n"
    "\n"
    "What decay does to weights that a BatchNorm follows can be done by their learning rate alone (Li & Arora 2019).\n"
    "This takes a run with decay, writes the configuration of its twin, which has `decay.as_rate` and so no decay of\n"
    "such weights but a rate that grows, and trains both on the same batches from the same weights. Printed is how "
    "far\n"
    "their networks are apart: the loss of the training batch, and the largest difference of any logit of its "
    "pictures\n"
    "by the moving statistics. Training multiplies differences, also those of rounding. So beside it stands a run "
    "whose\n"
    "first weight differs in its last bit; and each step is compared by itself: the twin takes it from where the run\n"
    "with decay stands. In the build `double` no step may bring them apart by more than 1e-9 of the largest logit, or\n"
    "the exit status is 3. RUN is a run's folder or a checkpoint; all begins again from its seed.\n"
    "\n"
    "  --steps N          steps that all train (1000)\n"
    "  --threads N        computing threads a rank (default: as in training)\n"
    "  -o, --output FILE  where the twin's configuration is written (<experiment.name>-twin.yaml)\n"
    "\n"
    "example: lockstep twin checkpoints/digits-bn_l2\n";

typedef struct twin_arguments {
    const char *given, *output;
    uint64_t steps, threads; /* threads 0: as the configuration says */
} twin_arguments;

static const args_option options[] = {
    {"steps", ARGS_WHOLE, ARGS_FIELD(twin_arguments, steps), .least = 1, .most = 1000000000},
    {"threads", ARGS_WHOLE, ARGS_FIELD(twin_arguments, threads), .least = 1, .most = 1024},
    {"output", ARGS_TEXT, ARGS_FIELD(twin_arguments, output), .letter = 'o'},
    {0},
};

/* In float64, of any step, in parts of the largest logit or of 1. */
static const double tolerance = 1e-9;

static bool is_yaml(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot != NULL && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static int load(config *out, const char *given)
{
    char path[CHECKPOINT_PATH_SIZE];
    checkpoint_info info = {0};
    if (is_yaml(given)) {
        return config_load(out, given, NULL, 0);
    }
    int code = which_check(given);
    if (code == LS_OK) {
        code = which_checkpoint(path, given, false);
    }
    if (code == LS_OK) {
        code = run_options_of_checkpoint(out, &info, path);
    }
    checkpoint_info_release(&info);
    return code;
}

static int check_decay(const config *c, const char *given)
{
    if (c->optimizer.decay.as_rate) {
        return error_set(LS_EUSAGE, "%s: has `decay.as_rate` already; give the run with decay", given);
    }
    if (c->optimizer.l2 == 0 && c->optimizer.decay.decoupled == 0) {
        return error_set(LS_EUSAGE, "%s: has no decay (`l2.c` and `decay.decoupled` are 0), so it is its own twin",
                         given);
    }
    return LS_OK;
}

/* The same configuration but for two keys, as text; *out: free(). */
static int print_twin(char **out, const config *c)
{
    char name[CHECKPOINT_PATH_SIZE];
    const char *const changes[] = {"decay.as_rate=true", name};
    config twin = {0};
    char *text = NULL;
    (void)snprintf(name, sizeof name, "experiment.name=%s-twin", c->experiment.name);
    int code = config_print(c, &text);
    if (code == LS_OK) {
        code = config_parse(&twin, text, strlen(text), "the twin", changes, sizeof changes / sizeof changes[0]);
    }
    if (code == LS_OK) {
        code = config_print(&twin, out);
    }
    config_free(&twin);
    free(text);
    return code;
}

static int write_twin(const twin_arguments *a, const config *c)
{
    char path[CHECKPOINT_PATH_SIZE];
    char *text = NULL;
    (void)snprintf(path, sizeof path, "%s-twin.yaml", c->experiment.name);
    const char *to = a->output != NULL ? a->output : path;
    int code = file_kind_check_output(to, "a configuration", output_check_text, &a->given, 1);
    if (code == LS_OK) {
        code = print_twin(&text, c);
    }
    if (code == LS_OK) {
        code = output_write_text(to, "a configuration", text, strlen(text));
    }
    if (code == LS_OK && strcmp(to, "-") != 0) {
        log_info("%s: the twin's configuration; train it with lockstep train %s", to, to);
    }
    free(text);
    return code;
}

/* Rank 0's part, before any work. */
static int prepare(const twin_arguments *a, config *c)
{
    int code = load(c, a->given);
    if (code == LS_OK) {
        code = check_decay(c, a->given);
    }
    return code == LS_OK ? write_twin(a, c) : code;
}

static void print_row(void *context, const twins_row *row)
{
    twins_row *last = context;
    log_info("%8llu  %10.6f  %10.4g  %10.4g    %9.3g  %9.3g    %9.3g  %9.3g    %9.3g  %9.3g",
             (unsigned long long)row->step, row->cross_entropy, row->rate, row->largest, row->single.loss,
             row->single.logits, row->twin.loss, row->twin.logits, row->bit.loss, row->bit.logits);
    *last = *row;
}

static int judge(const twins_row *r)
{
    const bool exact = sizeof(real) == sizeof(double);
    log_info("%s", "");
    log_info("decay alone would have left %.4g of the weights: the twin's are %.4g times as large, and their rate has "
             "grown %.4g-fold",
             r->left, 1 / r->left, 1 / (r->left * r->left));
    log_info("each of %llu steps taken by itself brings the twin apart by %.3g of the largest logit at most%s",
             (unsigned long long)r->step, r->worst,
             exact ? "" : "; in float32 that is rounding, the build `double` decides");
    if (exact && !(r->worst <= tolerance)) {
        return error_set(LS_ENUMERIC,
                         "the run and its twin are not one function: a step brings them apart by %.3g, more "
                         "than %.0e",
                         r->worst, tolerance);
    }
    if (exact) {
        log_info("%s", "the run and its twin are one function");
    }
    log_info(
        "left to themselves, after all steps: logits of the twin are %.3g apart, those of a run with one other bit "
        "%.3g",
        r->twin.logits, r->bit.logits);
    return LS_OK;
}

static int train(comm *c, const twin_arguments *a, const config *saved)
{
    session s = {0};
    twins_row last = {0};
    session_options o = run_options_session(saved);
    o.training = true;
    o.data.stage = NULL;
    o.train.threads = a->threads > 0 ? (int)a->threads : o.train.threads;
    int code = session_open(&s, c, &o);
    if (code == LS_OK) {
        log_info("%s", "");
        log_info("%44s    %-20s    %-20s    %s", "", "a single step, at most", "twin", "one bit");
        log_info("%8s  %10s  %10s  %10s    %9s  %9s    %9s  %9s    %9s  %9s", "step", "ce", "rate", "max logit", "ce",
                 "logits", "ce", "logits", "ce", "logits");
        code = twins_train(&s, a->steps, print_row, &last);
    }
    if (code == LS_OK) {
        code = judge(&last);
    }
    session_close(&s);
    return code;
}

static int twin(comm *c, void *context)
{
    const twin_arguments *a = context;
    char *yaml = NULL;
    config saved = {0};
    int code = parallel_share_config(c, comm_rank(c) == 0 ? prepare(a, &saved) : LS_OK, &saved, &yaml);
    if (code == LS_OK) {
        comm_set_timeouts(c, &saved.timeouts);
        code = train(c, a, &saved);
    }
    config_free(&saved);
    free(yaml);
    return code;
}

static int run(int argc, char **argv)
{
    twin_arguments a = {.steps = 1000};
    const int code = args_read_all(&a, argc, argv, options, 1, 1, "RUN or CONFIG.yaml");
    if (code != LS_OK) {
        return code;
    }
    a.given = argv[optind];
    return parallel_run(twin, &a);
}

const command twin_command = {
    .name = "twin",
    .summary = "train a run with decay beside one whose rate grows instead, and compare them",
    .help = help,
    .run = run,
};
