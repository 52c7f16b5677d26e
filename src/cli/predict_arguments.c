#include "cli/predict_arguments.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cli/args.h"

static const struct option options[] = {
    {"top", required_argument, NULL, 't'},
    {"threads", required_argument, NULL, 'j'},
    {"orientation", required_argument, NULL, 'o'},
    {"list", required_argument, NULL, 'l'},
    {"best", no_argument, NULL, 'b'},
    {"statistics", required_argument, NULL, 's'},
    {"data", required_argument, NULL, 'd'},
    {0},
};

static int take_orientation(orientation_use *out, const char *text)
{
    if (strcmp(text, "apply") != 0 && strcmp(text, "ignore") != 0) {
        return error_set(LS_EUSAGE, "--orientation: '%s' is neither apply nor ignore", text);
    }
    *out = strcmp(text, "apply") == 0 ? ORIENTATION_APPLY : ORIENTATION_IGNORE;
    return LS_OK;
}

static int take_option(predict_arguments *a, int option)
{
    switch (option) {
    case 't': return args_whole(&a->top, "--top", optarg, 1, 1000000);
    case 'l': a->lists[a->list_count++] = optarg; return LS_OK;
    case 'b': a->best = true; return LS_OK;
    case 's': return args_statistics(&a->precise, "--statistics", optarg);
    case 'd': a->data = optarg; return LS_OK;
    case 'o': return take_orientation(&a->orientation, optarg);
    default: return args_whole(&a->threads, "--threads", optarg, 1, 1024);
    }
}

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
    for (size_t i = 0; i < a->list_count; i++) {
        inputs += is_input(a->lists[i]);
    }
    if (inputs > 1) {
        return error_set(LS_EUSAGE, "predict: standard input ('-') can be read once only");
    }
    if (a->precise && a->data == NULL) {
        return error_set(LS_EUSAGE, "--statistics precise: needs the data set that trained the network, --data FILE");
    }
    if (!a->precise && a->data != NULL) {
        return error_set(LS_EUSAGE, "--data: goes with --statistics precise; pictures are given as arguments");
    }
    return LS_OK;
}

int predict_arguments_read(predict_arguments *a, int argc, char **argv)
{
    int option = 0;
    int code = LS_OK;
    *a = (predict_arguments){.top = 1, .threads = 1, .orientation = ORIENTATION_AUTO};
    a->lists = calloc((size_t)argc, sizeof *a->lists);
    if (a->lists == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the arguments");
    }
    while (code == LS_OK && (option = args_next(argc, argv, options)) > 0) {
        code = take_option(a, option);
    }
    if (code == LS_OK) {
        code = option < 0 ? option
                          : args_positionals(argc, argv, a->list_count > 0 ? 1 : 2, 0,
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

void predict_arguments_release(predict_arguments *a)
{
    free(a->lists);
}
