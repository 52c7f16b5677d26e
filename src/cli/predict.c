#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/command.h"
#include "cli/parallel.h"
#include "cli/pictures.h"
#include "cli/run_options.h"
#include "cli/which.h"
#include "data/image.h"
#include "data/orientation.h"
#include "train/estimate.h"
#include "train/predict.h"

static const char help[] =
    "usage: lockstep predict CHECKPOINT|RUN PICTURE|FOLDER|-... [--list FILE]... [--best] [--ema] [--top N]\n"
    "                        [--threads N] [--statistics moving|precise --data FILE] [--orientation apply|ignore]\n"
    "\n"
    "What a checkpoint's network takes pictures (JPEG or PNG files) for: a line `file: class probability` each. RUN,\n"
    "a run's folder, stands for its newest usable checkpoint. FOLDER stands for all pictures in it and in folders in\n"
    "it, sorted; hidden and system entries and other files are passed over and counted. `-` is a picture on standard\n"
    "input. A file that cannot be read is reported and passed over; the exit status is then 1. Of several pictures a\n"
    "line on standard error says how many there were.\n"
    "\n"
    "  --list FILE  also what FILE names, a path a line; `-`: standard input\n"
    "  --best       of a run's folder the checkpoint with the best validation\n"
    "  --ema        the averages of the weights (ema.decay) and of the moving statistics, not the weights\n"
    "  --top N      the N likeliest classes, a line each (default 1)\n"
    "  --threads N  computing threads (default 1)\n"
    "  --orientation apply|ignore\n"
    "               turn pictures as their orientation tag says, or not (default: as in training)\n"
    "  --statistics moving|precise\n"
    "               BatchNorm's statistics: the moving ones (the default), or re-estimated over the data that trained\n"
    "               it, which answers well also after a short training; that takes about a third of the time of an\n"
    "               epoch\n"
    "  --data FILE  that data set\n"
    "\n"
    "example: lockstep predict checkpoints/digits-bn seven.png --top 3\n";

enum { LARGEST_FILE = 1 << 28 }; /* bytes */

/* What `lockstep predict` was asked for. */
typedef struct predict_arguments {
    const char *given; /* a checkpoint or a run's folder */
    args_texts lists;
    char **named; /* [named_count] of argv: pictures, folders, "-" */
    int named_count;
    uint64_t top, threads;
    const char *data; /* the data set for --statistics precise; NULL without */
    bool best, precise, ema;
    orientation_use orientation; /* ORIENTATION_AUTO: as the checkpoint was trained */
} predict_arguments;

static const char *const orientation_words[] = {"apply", "ignore", NULL};

static const args_option options[] = {
    {"top", ARGS_WHOLE, ARGS_FIELD(predict_arguments, top), .least = 1, .most = 1000000},
    {"threads", ARGS_WHOLE, ARGS_FIELD(predict_arguments, threads), .least = 1, .most = 1024},
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
    *a = (predict_arguments){.top = 1, .threads = 1, .orientation = ORIENTATION_AUTO};
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

/* What all pictures share. */
typedef struct prediction {
    predictor *network;
    const checkpoint_info *info;
    size_t top;
    double *probabilities; /* [classes] */
    size_t *order;         /* [top] */
    dataset_buffer encoded;
    image picture, turned;
    orientation_use orientation;
} prediction;

static bool turns(const prediction *p)
{
    return p->orientation == ORIENTATION_AUTO ? p->info->orientation != CHECKPOINT_AS_STORED
                                              : p->orientation == ORIENTATION_APPLY;
}

static int predict_file(prediction *p, const char *path)
{
    size_t size = 0;
    int code = pictures_read(&p->encoded, &size, path, LARGEST_FILE);
    if (code != LS_OK) {
        return code;
    }
    code = image_decode(&p->picture, p->encoded.bytes, size);
    if (code == LS_OK && p->picture.note[0] != '\0') {
        log_warn("%s: %s", path, p->picture.note);
    }
    if (code == LS_OK && turns(p)) {
        code = orientation_turn(&p->picture, &p->turned);
    }
    if (code != LS_OK) {
        return error_prefix(code, "%s", path);
    }
    code = predict_image(p->network, &p->picture, p->probabilities);
    if (code != LS_OK) {
        return error_prefix(code, "%s", path);
    }
    predict_rank(p->order, p->top, p->probabilities, p->info->class_count);
    for (size_t i = 0; i < p->top; i++) {
        log_info("%s: %s %.4f", path, p->info->classes[p->order[i]], p->probabilities[p->order[i]]);
    }
    return LS_OK;
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
static int predict_files(prediction *p, const pictures *files)
{
    size_t bad = 0;
    for (size_t i = 0; i < files->paths.count; i++) {
        if (predict_file(p, files->paths.names[i]) != LS_OK) {
            log_error("%s", error_message());
            bad++;
        }
    }
    print_summary(files, bad);
    return bad + files->failed > 0 ? EXIT_FAILED : EXIT_DONE;
}

/* moving: statistics to normalize by; NULL: the checkpoint's. */
static int open_network(prediction *p, const config *c, const char *checkpoint, const predict_arguments *a,
                        const real *moving)
{
    const predict_options o = {
        .input = c->data,
        .network = c->model,
        .norm = c->batch_norm,
        .classes = p->info->class_count,
        .threads = (int)a->threads,
        .averages = a->ema ? &c->optimizer : NULL,
        .moving = moving,
    };
    p->top = p->top < o.classes ? p->top : o.classes;
    p->probabilities = calloc(o.classes + 1, sizeof *p->probabilities);
    p->order = calloc(p->top + 1, sizeof *p->order);
    if (p->probabilities == NULL || p->order == NULL) {
        return error_set(LS_ENOMEM, "out of memory for %zu classes", o.classes);
    }
    return predictor_create(&p->network, checkpoint, &o);
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
    prediction p = {.info = &info, .top = (size_t)a->top, .orientation = a->orientation};
    int code = run_options_of_checkpoint(&saved, &info, checkpoint);
    if (code == LS_OK && a->ema) {
        code = run_options_has_averages(&saved);
    }
    if (code == LS_OK && a->precise && saved.model.batch_norm) {
        code = parallel_run(estimate_precise, &precise);
    }
    if (code == LS_OK) {
        code = open_network(&p, &saved, checkpoint, a, precise.result.moving);
    }
    if (code == LS_OK && !a->precise) {
        warn_of_moving(checkpoint, &info, &saved);
    }
    if (code == LS_OK) {
        code = predict_files(&p, files);
    }
    predictor_free(p.network);
    image_release(&p.picture);
    image_release(&p.turned);
    free(p.encoded.bytes);
    free(p.probabilities);
    free(p.order);
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
