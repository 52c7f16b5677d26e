#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "base/output.h"
#include "cli/args.h"
#include "cli/command.h"
#include "cli/parallel.h"
#include "cli/run_options.h"
#include "cli/which.h"
#include "io/temporary.h"
#include "optim/average.h"
#include "store/file_kind.h"
#include "train/estimate.h"
#include "train/evaluate.h"
#include "train/staging.h"

static const char help[] =
    "usage: [mpirun -n RANKS] lockstep eval CHECKPOINT|RUN [--data FILE] [--split val|train|test] [--batch N]\n"
    "                                       [--threads N] [--statistics moving|precise] [--train-data FILE]\n"
    "                                       [--best] [--ema] [--dump OUT.h5] [--dump-count N]\n"
    "\n"
    "Loss and accuracy of a checkpoint over a split of a data set, each sample once. Everything else is as the\n"
    "checkpoint's configuration says. RUN, a run's folder, stands for its newest usable checkpoint.\n"
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
    "  --dump OUT.h5     write `images` and `logits` of the first samples, to compare with Keras; one rank only\n"
    "  --dump-count N    how many (default 64)\n"
    "\n"
    "example: lockstep eval checkpoints/digits-bn --split train\n";

typedef struct eval_arguments {
    const char *given; /* a checkpoint or a run's folder */
    const char *data, *train_data, *dump;
    uint64_t batch, threads; /* 0: as the checkpoint says */
    uint64_t dump_count;
    dataset_split split;
    int statistics; /* batch_norm_evaluate; -1: as the checkpoint says */
    bool best, ema;
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
    {"dump", ARGS_TEXT, ARGS_FIELD(eval_arguments, dump)},
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

static int load(eval_subject *on, const eval_arguments *a, config *c)
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
    log_info("%s", estimate_describe(text, out, trained.data.file));
    return LS_OK;
}

/* --- Dumps: the first samples of a split as the network saw them -------------------------------------------------- */

static const char what[] = "a dump";

/* Before any work: whether the dump may be written to path, which is none of the n inputs (NULL: none). */
static int prepare_dump(const char *path, const char *const *inputs, size_t n)
{
    file_kind kind = FILE_OTHER;
    int code = output_refuse_inputs(path, inputs, n);
    if (code == LS_OK) {
        code = temporary_prepare(path, what);
    }
    if (code == LS_OK && file_kind_of(&kind, path) == LS_OK && kind != FILE_OTHER) {
        code =
            error_set(LS_EUSAGE, "%s: is a data set or a file of a run, which would be lost; name another file for %s",
                      path, what);
    }
    return code;
}

/* Room for up to `wanted` samples; to be released also on failure. */
static int start_dump(evaluate_dump *out, const session *s, size_t wanted)
{
    const size_t samples = dataset_count(s->data, s->options.split);
    out->capacity = wanted < samples ? wanted : samples;
    out->images = calloc(out->capacity * s->options.data.height * s->options.data.width * 3 + 1, sizeof *out->images);
    out->logits = calloc(out->capacity * dataset_classes(s->data) + 1, sizeof *out->logits);
    return out->images == NULL || out->logits == NULL
               ? error_set(LS_ENOMEM, "out of memory for a dump of %zu samples; lower --dump-count", out->capacity)
               : LS_OK;
}

/* As data sets `images` and `logits`, whole or not at all. */
static int write_dump(const char *path, const evaluate_dump *d, const session *s)
{
    const size_t images[] = {d->count, s->options.data.height, s->options.data.width, 3};
    const size_t logits[] = {d->count, dataset_classes(s->data)};
    temporary t;
    h5_file *f = NULL;
    int code = temporary_begin(&t, &f, path);
    if (code == LS_OK) {
        code = h5_write(f, "images", H5_FLOAT32, 4, images, d->images);
    }
    if (code == LS_OK) {
        code = h5_write(f, "logits", H5_FLOAT32, 2, logits, d->logits);
    }
    code = temporary_finish(&t, f, code, what);
    if (code == LS_OK) {
        log_info("%zu samples written to %s", d->count, path);
    }
    return code;
}

/* --- Evaluation ------------------------------------------------------------------------------------------------- */

static int print_result(const eval_arguments *a, const eval_subject *on, const session *s, const evaluation *e)
{
    if (!isfinite(e->loss)) {
        return error_set(LS_ENUMERIC, "%s: the loss over the %s pictures of %s is not finite; use another checkpoint",
                         on->checkpoint, dataset_split_name(a->split), s->options.data.file);
    }
    log_info("%s: epoch %llu, step %llu", on->checkpoint, (unsigned long long)s->replica.state.epoch,
             (unsigned long long)s->replica.state.step);
    log_info("%s of %s: samples %zu loss %.6f ce %.6f acc %.6f", split_words[a->split], s->options.data.file,
             e->samples, e->loss, e->cross_entropy, e->accuracy);
    return LS_OK;
}

/* population: statistics to normalize by, or NULL. */
static int evaluate(comm *c, const eval_arguments *a, const eval_subject *on, const session_options *o,
                    real *population)
{
    session s = {0};
    session_history at;
    evaluate_dump dump = {0};
    evaluation e = {0};
    int code = session_open(&s, c, o);
    if (code == LS_OK) {
        code = comm_agree(c, check_split(s.data, a->split));
    }
    if (code == LS_OK) {
        code = session_load(&s, on->checkpoint, &at);
    }
    if (code == LS_OK && a->dump != NULL) {
        code = start_dump(&dump, &s, (size_t)a->dump_count);
    }
    if (code == LS_OK) {
        state where = population != NULL ? state_with_moving(&s.replica.state, population) : s.replica.state;
        if (a->ema) {
            where = average_state(&s.replica.state);
        }
        code = evaluate_split(&s, &where, &(evaluate_extras){.dump = a->dump != NULL ? &dump : NULL}, NULL, &e);
    }
    if (code == LS_OK) {
        code = print_result(a, on, &s, &e);
    }
    if (code == LS_OK && population == NULL && moving_is_far(&on->lag)) {
        moving_warn(on->checkpoint, &on->lag, "use --statistics precise, or train it for more steps or with");
    }
    if (code == LS_OK && a->dump != NULL) {
        code = write_dump(a->dump, &dump, &s);
    }
    free(dump.images);
    free(dump.logits);
    session_close(&s);
    return code;
}

static int eval_config(comm *c, const eval_arguments *a, const eval_subject *on, const config *saved)
{
    estimate precise = {0};
    int code = LS_OK;
    session_options o = run_options_session(saved);
    o.training = false;
    o.averages = a->ema;
    o.split = a->split;
    o.data.file = a->data != NULL ? a->data : o.data.file;
    o.data.stage = NULL; /* what is read once need not be copied first */
    o.order.batch = a->batch > 0 ? (size_t)a->batch : o.order.batch;
    o.train.threads = a->threads > 0 ? (int)a->threads : o.train.threads;
    if (a->dump != NULL) {
        const char *const inputs[] = {on->checkpoint, o.data.file, a->train_data};
        code = prepare_dump(a->dump, inputs, sizeof inputs / sizeof inputs[0]);
    }
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
    config saved = {0};
    if (a->dump != NULL && comm_size(c) > 1) {
        return error_set(LS_EUSAGE, "--dump: works with one rank only; run it without mpirun");
    }
    int code = parallel_share_config(c, comm_rank(c) == 0 ? load(&on, a, &saved) : LS_OK, &saved, &yaml);
    if (code == LS_OK) {
        code = comm_broadcast(c, &on, sizeof on);
    }
    if (code == LS_OK) {
        code = eval_config(c, a, &on, &saved);
    }
    config_free(&saved);
    free(yaml);
    return code;
}

static int run(int argc, char **argv)
{
    eval_arguments a = {.dump_count = 64, .split = DATASET_VAL, .statistics = -1};
    const int code = args_read_all(&a, argc, argv, options, 1, 1, "CHECKPOINT or a run's folder");
    if (code != LS_OK) {
        return code;
    }
    a.given = argv[optind];
    return parallel_run(eval, &a);
}

const command eval_command = {
    .name = "eval",
    .summary = "loss and accuracy of a checkpoint on a data set",
    .help = help,
    .run = run,
};
