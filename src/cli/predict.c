#include "cli/predict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "cli/args.h"
#include "cli/run_options.h"
#include "data/dataset.h"
#include "data/image.h"
#include "data/orientation.h"
#include "train/predict.h"

static const char help[] =
    "usage: lockstep predict CHECKPOINT PICTURE... [--top N] [--threads N]\n"
    "                        [--orientation apply|ignore]\n"
    "\n"
    "What a checkpoint's network takes pictures (JPEG or PNG files) for: a line `file: class probability` each. A "
    "file\n"
    "that cannot be read is reported and passed over; the exit status is then 1.\n"
    "\n"
    "  --top N      the N likeliest classes, a line each (default 1)\n"
    "  --threads N  computing threads (default 1)\n"
    "  --orientation apply|ignore\n"
    "               turn pictures as their orientation tag says, or not (default: as in training)\n"
    "\n"
    "example: lockstep predict checkpoints/digits-bn/step-00001000.weights.h5 seven.png --top 3\n";

enum { LARGEST_FILE = 1 << 28 }; /* bytes */

static const struct option options[] = {
    {"top", required_argument, NULL, 't'},
    {"threads", required_argument, NULL, 'j'},
    {"orientation", required_argument, NULL, 'o'},
    {0},
};

/* What all pictures share. */
typedef struct prediction {
    predictor *network;
    const checkpoint_info *info;
    size_t top;
    double *probabilities; /* [classes] */
    size_t *order;         /* [top] */
    dataset_buffer encoded;
    image picture, turned;
    orientation_use orientation; /* ORIENTATION_AUTO: as the checkpoint was trained */
} prediction;

static bool turns(const prediction *p)
{
    return p->orientation == ORIENTATION_AUTO ? p->info->orientation != CHECKPOINT_AS_STORED
                                              : p->orientation == ORIENTATION_APPLY;
}

static int predict_file(prediction *p, const char *path)
{
    size_t size = 0;
    int code = dataset_read_file(&p->encoded, &size, path, LARGEST_FILE);
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

/* All files; the exit code. */
static int predict_files(prediction *p, int count, char **paths)
{
    int result = EXIT_DONE;
    for (int i = 0; i < count; i++) {
        if (predict_file(p, paths[i]) != LS_OK) {
            log_error("%s", error_message());
            result = EXIT_FAILED;
        }
    }
    return result;
}

static int open_network(prediction *p, const config *c, const char *checkpoint, int threads)
{
    const session_options s = run_options_session(c);
    const predict_options o = {
        .height = s.height,
        .width = s.width,
        .classes = p->info->class_count,
        .batch_norm = s.batch_norm,
        .mixed = s.mixed,
        .epsilon = s.epsilon,
        .fit = s.fit,
        .scale = s.scale,
        .threads = threads,
    };
    p->top = p->top < o.classes ? p->top : o.classes;
    p->probabilities = calloc(o.classes + 1, sizeof *p->probabilities);
    p->order = calloc(p->top + 1, sizeof *p->order);
    if (p->probabilities == NULL || p->order == NULL) {
        return error_set(LS_ENOMEM, "out of memory for %zu classes", o.classes);
    }
    return predictor_create(&p->network, checkpoint, &o);
}

static int predict(const char *checkpoint, int count, char **paths, size_t top, int threads,
                   orientation_use orientation)
{
    config saved;
    checkpoint_info info;
    prediction p = {.info = &info, .top = top, .orientation = orientation};
    int code = run_options_of_checkpoint(&saved, &info, checkpoint);
    if (code == LS_OK) {
        code = open_network(&p, &saved, checkpoint, threads);
    }
    if (code == LS_OK) {
        code = predict_files(&p, count, paths);
    }
    predictor_free(p.network);
    image_release(&p.picture);
    image_release(&p.turned);
    free(p.encoded.bytes);
    free(p.probabilities);
    free(p.order);
    config_free(&saved);
    checkpoint_info_release(&info);
    return code;
}

static int take_orientation(orientation_use *out, const char *text)
{
    if (strcmp(text, "apply") != 0 && strcmp(text, "ignore") != 0) {
        return error_set(LS_EUSAGE, "--orientation: '%s' is neither apply nor ignore", text);
    }
    *out = strcmp(text, "apply") == 0 ? ORIENTATION_APPLY : ORIENTATION_IGNORE;
    return LS_OK;
}

static int run(int argc, char **argv)
{
    uint64_t top = 1;
    uint64_t threads = 1;
    orientation_use orientation = ORIENTATION_AUTO;
    int option = 0;
    int code = LS_OK;
    while (code == LS_OK && (option = args_next(argc, argv, options)) > 0) {
        switch (option) {
        case 't': code = args_whole(&top, "--top", optarg, 1, 1000000); break;
        case 'o': code = take_orientation(&orientation, optarg); break;
        default: code = args_whole(&threads, "--threads", optarg, 1, 1024); break;
        }
    }
    if (code == LS_OK) {
        code = option < 0 ? option : args_positionals(argc, argv, 2, 0, "CHECKPOINT PICTURE...");
    }
    if (code != LS_OK) {
        return code;
    }
    return predict(argv[optind], argc - optind - 1, argv + optind + 1, (size_t)top, (int)threads, orientation);
}

const command predict_command = {
    .name = "predict",
    .summary = "the class of pictures, by a checkpoint",
    .help = help,
    .run = run,
};
