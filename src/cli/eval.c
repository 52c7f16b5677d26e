#include "cli/eval.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "cli/args.h"
#include "cli/parallel.h"
#include "cli/run_options.h"
#include "io/h5.h"
#include "train/evaluate.h"

static const char help[] =
    "usage: [mpirun -n RANKS] lockstep eval CHECKPOINT [--data FILE] [--split val|train|test] [--batch N] [--threads "
    "N]\n"
    "                                       [--statistics moving|precise]\n"
    "                                       [--dump OUT.h5] [--dump-count N]\n"
    "\n"
    "Loss and accuracy of a checkpoint over a split of a data set, each sample once. Everything else is as the\n"
    "checkpoint's configuration says.\n"
    "\n"
    "  --data FILE       data set (default: the one it was trained on)\n"
    "  --split val|train|test\n"
    "                    which part of it (default val)\n"
    "  --batch N         samples at a time, over all ranks (default: as in training)\n"
    "  --threads N       computing threads a rank (default: as in training)\n"
    "  --statistics moving|precise\n"
    "                    BatchNorm's statistics: the moving ones, or re-estimated over training samples (default: as\n"
    "                    in training)\n"
    "  --dump OUT.h5     write `images` and `logits` of the first samples, to compare with Keras; one rank only\n"
    "  --dump-count N    how many (default 64)\n"
    "\n"
    "example: lockstep eval checkpoints/digits-bn/step-00001000.weights.h5 --split train\n";

typedef struct eval_arguments {
    const char *checkpoint, *data, *dump;
    uint64_t batch, threads; /* 0: as the checkpoint says */
    uint64_t dump_count;
    dataset_split split;
    const char *statistics; /* NULL: as the checkpoint says */
} eval_arguments;

static const struct option options[] = {
    {"data", required_argument, NULL, 'd'},       {"split", required_argument, NULL, 's'},
    {"batch", required_argument, NULL, 'b'},      {"threads", required_argument, NULL, 't'},
    {"statistics", required_argument, NULL, 'e'}, {"dump", required_argument, NULL, 'o'},
    {"dump-count", required_argument, NULL, 'n'}, {0},
};

static const char *const split_words[DATASET_SPLITS] = {"train", "val", "test"};

static int take_split(dataset_split *out, const char *text)
{
    for (int split = 0; split < DATASET_SPLITS; split++) {
        if (strcmp(text, split_words[split]) == 0) {
            *out = (dataset_split)split;
            return LS_OK;
        }
    }
    return error_set(LS_EUSAGE, "--split: '%s' is none of val, train and test", text);
}

static int take_statistics(eval_arguments *a, const char *text)
{
    if (strcmp(text, "moving") != 0 && strcmp(text, "precise") != 0) {
        return error_set(LS_EUSAGE, "--statistics: '%s' is neither moving nor precise", text);
    }
    a->statistics = text;
    return LS_OK;
}

static int take_option(eval_arguments *a, int option)
{
    switch (option) {
    case 'd': a->data = optarg; return LS_OK;
    case 's': return take_split(&a->split, optarg);
    case 'b': return args_whole(&a->batch, "--batch", optarg, 1, 1048576);
    case 't': return args_whole(&a->threads, "--threads", optarg, 1, 1024);
    case 'e': return take_statistics(a, optarg);
    case 'n': return args_whole(&a->dump_count, "--dump-count", optarg, 1, 1000000);
    default: a->dump = optarg; return LS_OK;
    }
}

static int load_text(const eval_arguments *a, char **yaml)
{
    config c;
    checkpoint_info info;
    int code = run_options_of_checkpoint(&c, &info, a->checkpoint);
    if (code == LS_OK && a->statistics != NULL) {
        c.batch_norm.evaluate = strcmp(a->statistics, "precise") == 0 ? CONFIG_PRECISE : CONFIG_MOVING;
    }
    if (code == LS_OK) {
        code = config_print(&c, yaml);
    }
    config_free(&c);
    checkpoint_info_release(&info);
    return code;
}

static int start_dump(evaluate_dump *out, const session *s, size_t wanted)
{
    size_t samples = 0;
    (void)dataset_indices(s->data, s->options.split, &samples);
    out->capacity = wanted < samples ? wanted : samples;
    out->images = calloc(out->capacity * s->options.height * s->options.width * 3 + 1, sizeof *out->images);
    out->logits = calloc(out->capacity * dataset_classes(s->data) + 1, sizeof *out->logits);
    return out->images == NULL || out->logits == NULL
               ? error_set(LS_ENOMEM, "out of memory for a dump of %zu samples; lower --dump-count", out->capacity)
               : LS_OK;
}

static int write_dump(const char *path, const evaluate_dump *d, const session *s)
{
    char temporary[CHECKPOINT_PATH_SIZE];
    const size_t images[] = {d->count, s->options.height, s->options.width, 3};
    const size_t logits[] = {d->count, dataset_classes(s->data)};
    h5_file *f = NULL;
    int code = h5_temporary_name(temporary, sizeof temporary, path);
    if (code == LS_OK) {
        code = h5_create(&f, temporary);
    }
    if (code == LS_OK) {
        code = h5_write(f, "images", H5_FLOAT32, 4, images, d->images);
    }
    if (code == LS_OK) {
        code = h5_write(f, "logits", H5_FLOAT32, 2, logits, d->logits);
    }
    if (f != NULL) {
        const int closed = h5_close(f);
        code = code == LS_OK ? closed : code;
        code = code == LS_OK ? h5_commit(temporary, path) : code;
    }
    if (code == LS_OK) {
        log_info("%zu samples written to %s", d->count, path);
    } else if (f != NULL) {
        (void)remove(temporary);
    }
    return code;
}

/* With re-estimated statistics where the configuration wants them, as validation in training has them. */
static int evaluate(session *s, const config *c, const session_state *at, evaluate_dump *dump, evaluation *out)
{
    real *population = NULL;
    int code = LS_OK;
    if (s->options.training) {
        population = calloc(model_table(s->net)->moving_size + 1, sizeof *population);
        code = comm_agree(s->c, population == NULL ? error_set(LS_ENOMEM, "out of memory for statistics") : LS_OK);
        if (code == LS_OK) {
            log_info("statistics are re-estimated from training batches (batch_norm.evaluate: precise)");
            code = evaluate_population(s, at->epoch > 0 ? at->epoch - 1 : 0, (size_t)c->batch_norm.precise_batches,
                                       NULL, population);
        }
    }
    if (code == LS_OK) {
        code = evaluate_split(s, population != NULL ? population : s->moving, dump, NULL, out);
    }
    free(population);
    return code;
}

static int eval_config(comm *c, const eval_arguments *a, const config *saved)
{
    session s = {0};
    session_state at;
    evaluate_dump dump = {0};
    evaluation e = {0};
    session_options o = run_options_session(saved);
    o.training = saved->model.batch_norm && saved->batch_norm.evaluate == CONFIG_PRECISE;
    o.split = a->split;
    o.data_file = a->data != NULL ? a->data : o.data_file;
    o.stage = NULL; /* what is read once need not be copied first */
    o.batch = a->batch > 0 ? (size_t)a->batch : o.batch;
    o.threads = a->threads > 0 ? (int)a->threads : o.threads;
    int code = session_open(&s, c, &o);
    if (code == LS_OK) {
        code = session_load(&s, a->checkpoint, &at);
    }
    if (code == LS_OK && a->dump != NULL) {
        code = start_dump(&dump, &s, (size_t)a->dump_count);
    }
    if (code == LS_OK) {
        code = evaluate(&s, saved, &at, a->dump != NULL ? &dump : NULL, &e);
    }
    if (code == LS_OK) {
        log_info("%s: epoch %llu, step %llu", a->checkpoint, (unsigned long long)at.epoch, (unsigned long long)at.step);
        log_info("%s of %s: samples %zu loss %.6f ce %.6f acc %.6f", split_words[a->split], o.data_file, e.samples,
                 e.loss, e.cross_entropy, e.accuracy);
    }
    if (code == LS_OK && a->dump != NULL) {
        code = write_dump(a->dump, &dump, &s);
    }
    free(dump.images);
    free(dump.logits);
    session_close(&s);
    return code;
}

static int eval(comm *c, void *context)
{
    const eval_arguments *a = context;
    char *yaml = NULL;
    config saved = {0};
    if (a->dump != NULL && comm_size(c) > 1) {
        return error_set(LS_EUSAGE, "--dump: works with one rank only; run it without mpirun");
    }
    int code = parallel_share_config(c, comm_rank(c) == 0 ? load_text(a, &yaml) : LS_OK, &yaml, &saved);
    if (code == LS_OK) {
        code = eval_config(c, a, &saved);
    }
    config_free(&saved);
    free(yaml);
    return code;
}

static int run(int argc, char **argv)
{
    eval_arguments a = {.dump_count = 64, .split = DATASET_VAL};
    int option = 0;
    int code = LS_OK;
    while (code == LS_OK && (option = args_next(argc, argv, options)) > 0) {
        code = take_option(&a, option);
    }
    if (code == LS_OK) {
        code = option < 0 ? option : args_positionals(argc, argv, 1, 1, "CHECKPOINT");
    }
    if (code != LS_OK) {
        return code;
    }
    a.checkpoint = argv[optind];
    return parallel_run(eval, &a);
}

const command eval_command = {
    .name = "eval",
    .summary = "loss and accuracy of a checkpoint on a data set",
    .help = help,
    .run = run,
};
