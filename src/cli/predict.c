#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpus.h"
#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/command.h"
#include "cli/parallel.h"
#include "cli/pictures.h"
#include "cli/predict_batch.h"
#include "cli/run_options.h"
#include "cli/which.h"
#include "data/orientation.h"
#include "train/estimate.h"
#include "train/predict.h"

static const char help[] =
    "usage: lockstep predict CHECKPOINT|RUN PICTURE|FOLDER|-... [--list FILE]... [--best] [--ema] [--top N]\n"
    "                        [--json] [--batch N] [--threads N] [--statistics moving|precise --data FILE]\n"
    "                        [--orientation apply|ignore]\n"
    "\n"
    "What a checkpoint's network takes pictures for: a line `file: class probability` each (`lockstep --version` says\n"
    "which kinds of files are read). RUN,\n"
    "a run's folder, stands for its newest usable checkpoint. FOLDER stands for all pictures in it and in folders in\n"
    "it, sorted; hidden and system entries and other files are passed over and counted. `-` is a picture on standard\n"
    "input. A file that cannot be read is reported and passed over; the exit status is then 1. Of several pictures a\n"
    "line on standard error says how many there were.\n"
    "\n"
    "  --list FILE  also what FILE names, a path a line; `-`: standard input\n"
    "  --best       of a run's folder the checkpoint with the best validation\n"
    "  --ema        the averages of the weights (ema.decay) and of the moving statistics, not the weights\n"
    "  --top N      the N likeliest classes, a line each (default 1)\n"
    "  --json       a line of JSON for each picture: {\"file\": ..., \"classes\": [{\"class\": ..., \"probability\":\n"
    "               ...}, ...]}, or {\"file\": ..., \"error\": ...}\n"
    "  --batch N    pictures that are read and computed at once (default 32)\n"
    "  --threads N  threads that read and compute (default: as many as there are CPUs to use)\n"
    "  --orientation apply|ignore\n"
    "               turn pictures as their orientation tag says, or not (default: as in training)\n"
    "  --statistics moving|precise\n"
    "               BatchNorm's statistics: the moving ones (the default), or re-estimated over the data that trained\n"
    "               it, which answers well also after a short training; that takes about a third of the time of an\n"
    "               epoch\n"
    "  --data FILE  that data set\n"
    "\n"
    "example: lockstep predict checkpoints/digits-bn seven.png --top 3\n";

/* What `lockstep predict` was asked for. */
typedef struct predict_arguments {
    const char *given; /* a checkpoint or a run's folder */
    args_texts lists;
    char **named; /* [named_count] of argv: pictures, folders, "-" */
    int named_count;
    uint64_t top, batch, threads; /* threads 0: as there are CPUs */
    const char *data;             /* the data set for --statistics precise; NULL without */
    bool best, precise, ema, json;
    orientation_use orientation; /* ORIENTATION_AUTO: as the checkpoint was trained */
} predict_arguments;

static const char *const orientation_words[] = {"apply", "ignore", NULL};

static const args_option options[] = {
    {"top", ARGS_WHOLE, ARGS_FIELD(predict_arguments, top), .least = 1, .most = 1000000},
    {"threads", ARGS_WHOLE, ARGS_FIELD(predict_arguments, threads), .least = 1, .most = 1024},
    {"batch", ARGS_WHOLE, ARGS_FIELD(predict_arguments, batch), .least = 1, .most = 4096},
    {"json", ARGS_FLAG, ARGS_FIELD(predict_arguments, json)},
    {"orientation", ARGS_WORD, ARGS_FIELD(predict_arguments, orientation), .least = ORIENTATION_APPLY,
     .words = orientation_words},
    {"list", ARGS_TEXTS, ARGS_FIELD(predict_arguments, lists)},
    {"best", ARGS_FLAG, ARGS_FIELD(predict_arguments, best)},
    {"ema", ARGS_FLAG, ARGS_FIELD(predict_arguments, ema)},
    {"statistics", ARGS_WORD, ARGS_FIELD(predict_arguments, precise), .words = args_statistics},
    {"data", ARGS_TEXT, ARGS_FIELD(predict_arguments, data)},
    {0},
};

static int is_input(const char *name)
{
    return name != NULL && strcmp(name, "-") == 0;
}

/* What options and arguments together ask for. */
static int check_arguments(const predict_arguments *a)
{
    int inputs = 0;
    for (int i = 0; i < a->named_count; i++) {
        inputs += is_input(a->named[i]);
    }
    for (size_t i = 0; i < a->lists.count; i++) {
        inputs += is_input(a->lists.texts[i]);
    }
    if (inputs > 1) {
        return error_set(LS_EUSAGE, "predict: standard input ('-') can be read once only");
    }
    if (a->precise && a->data == NULL) {
        return error_set(LS_EUSAGE, "--statistics precise: needs the data set that trained the network, --data FILE");
    }
    if (a->precise && a->ema) {
        return error_set(LS_EUSAGE, "--ema has moving statistics of its own; leave out --statistics precise");
    }
    if (!a->precise && a->data != NULL) {
        return error_set(LS_EUSAGE, "--data: goes with --statistics precise; pictures are given as arguments");
    }
    return LS_OK;
}

/* Read the arguments, and whether they go together; a->lists.texts is to be freed also after an error. */
static int read_arguments(predict_arguments *a, int argc, char **argv)
{
    *a = (predict_arguments){.top = 1, .batch = 32, .orientation = ORIENTATION_AUTO};
    int code = args_read(a, argc, argv, options);
    if (code == LS_OK) {
        code = args_positionals(argc, argv, a->lists.count > 0 ? 1 : 2, ARGS_ANY_NUMBER,
                                "CHECKPOINT or a run's folder, and PICTURE...");
    }
    if (code != LS_OK) {
        return code;
    }
    a->given = argv[optind];
    a->named = argv + optind + 1;
    a->named_count = argc - optind - 1;
    return check_arguments(a);
}

/* Where there were several, or some were looked for: how many, and what became of them. */
static void print_summary(const pictures *files, size_t bad)
{
    if (files->paths.count + files->failed < 2 && !files->gathered) {
        return;
    }
    text_builder line = {0};
    text_add(&line, "%zu of %zu pictures predicted", files->paths.count - bad, files->paths.count);
    if (bad > 0) {
        text_add(&line, ", %zu could not be read", bad);
    }
    if (files->failed > 0) {
        text_add(&line, "; %zu folder%s or lists failed", files->failed, files->failed == 1 ? "" : "s");
    }
    if (files->hidden + files->others + files->repeated > 0) {
        text_add(&line, "; passed over: %zu hidden or system entries, %zu that are no pictures", files->hidden,
                 files->others);
    }
    if (files->repeated > 0) {
        text_add(&line, ", %zu link%s to folders looked through already", files->repeated,
                 files->repeated == 1 ? "" : "s");
    }
    log_note("%s", text_of(&line));
    text_release(&line);
}

/* All files; the exit code. */
static int predict_files(predict_batch *p, const pictures *files)
{
    size_t bad = 0;
    const int code = predict_batch_all(p, (const char *const *)files->paths.names, files->paths.count, &bad);
    if (code != LS_OK) {
        return code;
    }
    print_summary(files, bad);
    return bad + files->failed > 0 ? EXIT_FAILED : EXIT_DONE;
}

static bool turns(const predict_arguments *a, const checkpoint_info *info)
{
    return a->orientation == ORIENTATION_AUTO ? info->orientation != CHECKPOINT_AS_STORED
                                              : a->orientation == ORIENTATION_APPLY;
}

/* As many as there are CPUs that this process may use, but no more than pictures. */
static int threads_for(const predict_arguments *a, size_t count)
{
    if (a->threads > 0) {
        return (int)a->threads;
    }
    const int cpus = cpus_count();
    return (size_t)cpus < count ? cpus : (int)count;
}

/* What --statistics precise takes. */
typedef struct estimating {
    const predict_arguments *a;
    const config *saved;
    const char *checkpoint;
    estimate result;
} estimating;

static int estimate_precise(comm *c, void *context)
{
    char text[ESTIMATE_TEXT_SIZE];
    estimating *e = context;
    session_options trained = run_options_session(e->saved);
    trained.data.file = e->a->data;
    trained.train.threads = (int)e->a->threads;
    if (comm_size(c) > 1) {
        return error_set(LS_EUSAGE, "predict: works with one process only; run it without mpirun");
    }
    const int code = estimate_statistics(&e->result, c, &trained, e->checkpoint, e->saved->batch_norm.precise_batches);
    if (code == LS_OK) {
        log_note("%s", estimate_describe(text, &e->result, trained.data.file));
    }
    return code;
}

static void warn_of_moving(const char *checkpoint, const checkpoint_info *info, const config *c)
{
    const moving_lag lag = run_options_lag(info, c);
    if (moving_is_far(&lag)) {
        moving_warn(checkpoint, &lag,
                    "answers by them mean little: use --statistics precise --data FILE, or train it for more steps or "
                    "with");
    }
}

static int predict(const predict_arguments *a, const char *checkpoint, const pictures *files)
{
    config saved;
    checkpoint_info info;
    estimating precise = {a, &saved, checkpoint, {0}};
    predict_batch *p = NULL;
    int code = run_options_of_checkpoint(&saved, &info, checkpoint);
    if (code == LS_OK && a->ema) {
        code = run_options_has_averages(&saved);
    }
    if (code == LS_OK && a->precise && saved.model.batch_norm) {
        code = parallel_run(estimate_precise, &precise);
    }
    if (code == LS_OK) {
        const size_t most = files->paths.count < a->batch ? files->paths.count : (size_t)a->batch;
        const predict_batch_options o = {
            .network = {.input = saved.data,
                        .network = saved.model,
                        .norm = saved.batch_norm,
                        .classes = info.class_count,
                        .batch = most,
                        .threads = threads_for(a, files->paths.count),
                        .averages = a->ema ? &saved.optimizer : NULL,
                        .moving = precise.result.moving},
            .classes = info.classes,
            .top = (size_t)a->top,
            .turn = turns(a, &info),
            .json = a->json,
        };
        code = predict_batch_create(&p, checkpoint, &o);
    }
    if (code == LS_OK && !a->precise) {
        warn_of_moving(checkpoint, &info, &saved);
    }
    if (code == LS_OK) {
        code = predict_files(p, files);
    }
    predict_batch_free(p);
    estimate_release(&precise.result);
    config_free(&saved);
    checkpoint_info_release(&info);
    return code;
}

/* Before anything else that takes long. */
static int gather(pictures *out, const predict_arguments *a)
{
    int code = LS_OK;
    for (int i = 0; code == LS_OK && i < a->named_count; i++) {
        code = pictures_add(out, a->named[i]);
    }
    for (size_t i = 0; code == LS_OK && i < a->lists.count; i++) {
        code = pictures_add_list(out, a->lists.texts[i]);
    }
    return code;
}

static int run(int argc, char **argv)
{
    char checkpoint[CHECKPOINT_PATH_SIZE];
    pictures files = {0};
    predict_arguments a;
    int code = read_arguments(&a, argc, argv);
    if (code == LS_OK) {
        code = which_checkpoint(checkpoint, a.given, a.best);
    }
    if (code == LS_OK) {
        code = gather(&files, &a);
    }
    if (code == LS_OK && files.paths.count == 0) {
        print_summary(&files, 0);
        code = EXIT_FAILED;
    } else if (code == LS_OK) {
        code = predict(&a, checkpoint, &files);
    }
    pictures_release(&files);
    free(a.lists.texts);
    return code;
}

const command predict_command = {
    .name = "predict",
    .summary = "the class of pictures, by a checkpoint",
    .help = help,
    .run = run,
};
