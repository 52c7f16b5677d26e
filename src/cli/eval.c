#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "cli/args.h"
#include "cli/command.h"
#include "cli/eval_outputs.h"
#include "cli/eval_report.h"
#include "cli/parallel.h"
#include "cli/run_options.h"
#include "cli/which.h"
#include "optim/average.h"
#include "train/estimate.h"
#include "train/evaluate.h"
#include "train/staging.h"

static const char help[] =
    "usage: [mpirun -n RANKS] lockstep eval CHECKPOINT|RUN [--data FILE] [--split val|train|test] [--batch N]\n"
    "                                       [--threads N] [--statistics moving|precise] [--train-data FILE]\n"
    "                                       [--best] [--ema] [--classes] [--worst N] [--json FILE] [--csv FILE]\n"
    "                                       [--dump OUT.h5] [--dump-count N]\n"
    "\n"
    "Loss and accuracy of a checkpoint over a split of a data set, each sample once, top-5 accuracy, macro averages\n"
    "and calibration error (docs/metrics.md). Everything else is as the checkpoint's configuration says. RUN, a run's\n"
    "folder, stands for its newest usable checkpoint.\n"
    "\n"
    "  --data FILE       data set (default: the one it was trained on)\n"
    "  --split val|train|test\n"
    "                    which part of it (default val)\n"
    "  --batch N         samples at a time, over all ranks (default: as in training)\n"
    "  --threads N       computing threads a rank (default: as in training)\n"
    "  --statistics moving|precise\n"
    "                    BatchNorm's statistics: the moving ones, or re-estimated over the data that trained it, in\n"
    "                    the batches of its training (default: as in training)\n"
    "  --train-data FILE that data, where it is no longer where the configuration says\n"
    "  --best            of a run's folder the checkpoint with the best validation\n"
    "  --ema             the averages of the weights (ema.decay) and of the moving statistics, not the weights\n"
    "  --classes         also precision, recall and F1 of each class, and the confusion matrix, of more than 20 "
    "classes\n"
    "                    the most frequent confusions\n"
    "  --worst N         also the N pictures with the largest loss\n"
    "  --json FILE       write all of it to FILE; `-`: to standard output, and nothing else\n"
    "  --csv FILE        write the figures of each class, a row each; `-` as with --json\n"
    "  --dump OUT.h5     write `images` and `logits` of the first samples, to compare with Keras; one rank only\n"
    "  --dump-count N    how many (default 64)\n"
    "\n"
    "example: lockstep eval checkpoints/digits-bn --split train\n";

typedef struct eval_arguments {
    const char *given; /* a checkpoint or a run's folder */
    const char *data, *train_data;
    eval_outputs to;
    uint64_t batch, threads; /* 0: as the checkpoint says */
    uint64_t dump_count, worst;
    dataset_split split;
    int statistics; /* batch_norm_evaluate; -1: as the checkpoint says */
    bool best, ema, classes;
} eval_arguments;

/* What rank 0 reads first; the same on all ranks, but for the path. */
typedef struct eval_subject {
    char checkpoint[CHECKPOINT_PATH_SIZE];
    uint64_t data_checksum; /* of what trained it */
    moving_lag lag;
} eval_subject;

static const char *const split_words[DATASET_SPLITS + 1] = {"train", "val", "test"};

static const args_option options[] = {
    {"data", ARGS_TEXT, ARGS_FIELD(eval_arguments, data)},
    {"split", ARGS_WORD, ARGS_FIELD(eval_arguments, split), .words = split_words},
    {"batch", ARGS_WHOLE, ARGS_FIELD(eval_arguments, batch), .least = 1, .most = 1048576},
    {"threads", ARGS_WHOLE, ARGS_FIELD(eval_arguments, threads), .least = 1, .most = 1024},
    {"statistics", ARGS_WORD, ARGS_FIELD(eval_arguments, statistics), .words = args_statistics},
    {"train-data", ARGS_TEXT, ARGS_FIELD(eval_arguments, train_data)},
    {"best", ARGS_FLAG, ARGS_FIELD(eval_arguments, best)},
    {"ema", ARGS_FLAG, ARGS_FIELD(eval_arguments, ema)},
    {"classes", ARGS_FLAG, ARGS_FIELD(eval_arguments, classes)},
    {"worst", ARGS_WHOLE, ARGS_FIELD(eval_arguments, worst), .least = 1, .most = 1000000},
    {"json", ARGS_TEXT, ARGS_FIELD(eval_arguments, to.json)},
    {"csv", ARGS_TEXT, ARGS_FIELD(eval_arguments, to.csv)},
    {"dump", ARGS_TEXT, ARGS_FIELD(eval_arguments, to.dump)},
    {"dump-count", ARGS_WHOLE, ARGS_FIELD(eval_arguments, dump_count), .least = 1, .most = 1000000},
    {0},
};

static bool is_precise(const config *c)
{
    return c->model.batch_norm && c->batch_norm.evaluate == BATCH_NORM_PRECISE;
}

/* The checkpoint's configuration as it is to be used here. */
static int adapt(config *c, const eval_arguments *a)
{
    if (a->ema && run_options_has_averages(c) != LS_OK) {
        return LS_EUSAGE;
    }
    if (a->ema && a->statistics == BATCH_NORM_PRECISE) {
        return error_set(LS_EUSAGE, "--ema has moving statistics of its own; leave out --statistics precise");
    }
    if (a->ema) {
        c->batch_norm.evaluate = BATCH_NORM_MOVING;
    }
    if (a->statistics >= 0) {
        c->batch_norm.evaluate = (batch_norm_evaluate)a->statistics;
    }
    if (a->train_data != NULL && !is_precise(c)) {
        return error_set(LS_EUSAGE, "--train-data: goes with --statistics precise, for a network with BatchNorm");
    }
    return LS_OK;
}

/* classes: their names, each with its zero, are added. */
static int load(eval_subject *on, text_builder *classes, const eval_arguments *a, config *c)
{
    checkpoint_info info = {0};
    int code = which_checkpoint(on->checkpoint, a->given, a->best);
    if (code == LS_OK) {
        code = run_options_of_checkpoint(c, &info, on->checkpoint);
    }
    if (code == LS_OK) {
        code = adapt(c, a);
    }
    if (code == LS_OK) {
        on->data_checksum = info.data_checksum;
        on->lag = run_options_lag(&info, c);
        for (size_t i = 0; i < info.class_count; i++) {
            text_add(classes, "%s%c", info.classes[i], '\0');
        }
    }
    checkpoint_info_release(&info);
    return code;
}

/* A split without pictures has no figures. */
static int check_split(const dataset *data, dataset_split split)
{
    if (dataset_count(data, split) > 0) {
        return LS_OK;
    }
    return error_set(LS_EUSAGE, "%s: holds no %s pictures; give another part with --split%s", dataset_path(data),
                     dataset_split_name(split),
                     split == DATASET_VAL ? " train, or make some with pack --val-fraction" : "");
}

/* Whether the data set to be evaluated is the one that trained, and has anything to evaluate. Collective. */
static int look_at_data(bool *trained, comm *c, const session_options *o, const eval_subject *on)
{
    dataset *data = NULL;
    staging none;
    int code = staging_open(&data, &none, c, o->data.file, NULL);
    if (code != LS_OK) {
        return code;
    }
    *trained = dataset_fingerprint(data) == on->data_checksum;
    code = comm_agree(c, check_split(data, o->split));
    dataset_free(data);
    return code;
}

/* Statistics re-estimated over the data that trained, whatever is evaluated, in the batches that trained. */
static int estimate_precise(estimate *out, comm *c, const eval_arguments *a, const config *saved,
                            const session_options *o, const eval_subject *on)
{
    char text[ESTIMATE_TEXT_SIZE];
    bool same = false;
    session_options trained = run_options_session(saved);
    int code = look_at_data(&same, c, o, on);
    if (code != LS_OK) {
        return code;
    }
    trained.data.file = a->train_data != NULL ? a->train_data : same ? o->data.file : trained.data.file;
    trained.train.threads = o->train.threads;
    code = estimate_statistics(out, c, &trained, on->checkpoint, saved->batch_norm.precise_batches);
    if (code != LS_OK) {
        return error_prefix(code, "--statistics precise needs the data that trained, see --train-data");
    }
    (eval_outputs_to_standard(&a->to) ? log_note : log_info)("%s", estimate_describe(text, out, trained.data.file));
    return LS_OK;
}

static int check_result(const eval_arguments *a, const eval_subject *on, const session *s, const evaluation *e)
{
    if (!isfinite(e->loss)) {
        return error_set(LS_ENUMERIC, "%s: the loss over the %s pictures of %s is not finite; use another checkpoint",
                         on->checkpoint, dataset_split_name(a->split), s->options.data.file);
    }
    return LS_OK;
}

static void print_result(const eval_arguments *a, const eval_report *r)
{
    const eval_report_subject *on = &r->on;
    log_info("%s: epoch %llu, step %llu", on->checkpoint, (unsigned long long)on->epoch, (unsigned long long)on->step);
    log_info("%s of %s: samples %zu loss %.6f ce %.6f acc %.6f", split_words[on->split], on->file, on->figures.samples,
             on->figures.loss, on->figures.cross_entropy, on->figures.accuracy);
    eval_report_print(r, a->classes);
}

/* On rank 0, which has the records of all samples. */
static int report(const eval_arguments *a, const eval_subject *on, const session *s, const evaluation *e,
                  const records *samples)
{
    eval_report r;
    const eval_report_subject subject = {
        .checkpoint = on->checkpoint,
        .file = s->options.data.file,
        .data = s->data,
        .split = a->split,
        .epoch = s->replica.state.epoch,
        .step = s->replica.state.step,
        .figures = *e,
    };
    int code = eval_report_make(&r, &subject, samples, (size_t)a->worst);
    if (code == LS_OK && !eval_outputs_to_standard(&a->to)) {
        print_result(a, &r);
    }
    if (code == LS_OK) {
        code = eval_outputs_write_reports(&a->to, &r);
    }
    eval_report_release(&r);
    return code;
}

/* The state by whose weights and statistics is evaluated. population: statistics, or NULL. */
static state state_of(const eval_arguments *a, const session *s, real *population)
{
    if (a->ema) {
        return average_state(&s->replica.state);
    }
    return population != NULL ? state_with_moving(&s->replica.state, population) : s->replica.state;
}

/* population: statistics to normalize by, or NULL. */
static int evaluate(comm *c, const eval_arguments *a, const eval_subject *on, const session_options *o,
                    real *population)
{
    session s = {0};
    session_history at;
    evaluate_dump dump = {0};
    records samples = {0};
    evaluation e = {0};
    int code = session_open(&s, c, o);
    if (code == LS_OK) {
        code = comm_agree(c, check_split(s.data, a->split));
    }
    if (code == LS_OK) {
        code = session_load(&s, on->checkpoint, &at);
    }
    if (code == LS_OK && a->to.dump != NULL) {
        code = eval_outputs_start_dump(&dump, &s, (size_t)a->dump_count);
    }
    if (code == LS_OK) {
        const evaluate_extras extras = {.dump = a->to.dump != NULL ? &dump : NULL, .samples = &samples};
        const state where = state_of(a, &s, population);
        code = evaluate_split(&s, &where, &extras, NULL, &e);
    }
    if (code == LS_OK) {
        code = check_result(a, on, &s, &e);
    }
    if (code == LS_OK) {
        code = comm_agree(c, comm_rank(c) == 0 ? report(a, on, &s, &e, &samples) : LS_OK);
    }
    if (code == LS_OK && population == NULL && moving_is_far(&on->lag)) {
        moving_warn(on->checkpoint, &on->lag, "use --statistics precise, or train it for more steps or with");
    }
    if (code == LS_OK && a->to.dump != NULL) {
        code = eval_outputs_write_dump(&a->to, &dump, &s);
    }
    records_release(&samples);
    free(dump.images);
    free(dump.logits);
    session_close(&s);
    return code;
}

static int eval_config(comm *c, const eval_arguments *a, const eval_subject *on, const session_classes *classes,
                       const config *saved)
{
    estimate precise = {0};
    session_options o = run_options_session(saved);
    o.training = false;
    o.averages = a->ema;
    o.classes = *classes;
    o.split = a->split;
    o.data.file = a->data != NULL ? a->data : o.data.file;
    o.data.stage = NULL; /* what is read once need not be copied first */
    o.order.batch = a->batch > 0 ? (size_t)a->batch : o.order.batch;
    o.train.threads = a->threads > 0 ? (int)a->threads : o.train.threads;
    const char *const inputs[] = {on->checkpoint, o.data.file, a->train_data};
    int code = comm_agree(c, comm_rank(c) == 0 ? eval_outputs_prepare(&a->to, inputs, sizeof inputs / sizeof inputs[0])
                                               : LS_OK);
    if (code == LS_OK && is_precise(saved)) {
        code = estimate_precise(&precise, c, a, saved, &o, on);
    }
    if (code == LS_OK) {
        code = evaluate(c, a, on, &o, precise.moving);
    }
    estimate_release(&precise);
    return code;
}

static int eval(comm *c, void *context)
{
    const eval_arguments *a = context;
    eval_subject on = {0};
    char *yaml = NULL;
    char **names = NULL;
    text_builder classes = {0};
    session_classes as = {.whose = on.checkpoint};
    config saved = {0};
    if (a->to.dump != NULL && comm_size(c) > 1) {
        return error_set(LS_EUSAGE, "--dump: works with one rank only; run it without mpirun");
    }
    int code = parallel_share_config(c, comm_rank(c) == 0 ? load(&on, &classes, a, &saved) : LS_OK, &saved, &yaml);
    if (code == LS_OK) {
        code = comm_broadcast(c, &on, sizeof on);
    }
    if (code == LS_OK) {
        code = parallel_share_texts(c, &classes, &names, &as.count);
    }
    if (code == LS_OK) {
        as.names = (const char *const *)names;
        code = eval_config(c, a, &on, &as, &saved);
    }
    text_release(&classes);
    free(names);
    config_free(&saved);
    free(yaml);
    return code;
}

static int run(int argc, char **argv)
{
    eval_arguments a = {.dump_count = 64, .split = DATASET_VAL, .statistics = -1};
    int code = args_read_all(&a, argc, argv, options, 1, 1, "CHECKPOINT or a run's folder");
    if (code == LS_OK) {
        code = eval_outputs_check(&a.to);
    }
    if (code != LS_OK) {
        return code;
    }
    a.given = argv[optind];
    return parallel_run(eval, &a);
}

const command eval_command = {
    .name = "eval",
    .summary = "loss, accuracy and other figures of a checkpoint on a data set",
    .help = help,
    .run = run,
};
