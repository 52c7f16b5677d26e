#include "cli/predict_arguments.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cli/args.h"

static int take_list(void *arguments, const char *option, const char *text)
{
    predict_arguments *a = arguments;
    (void)option;
    a->lists[a->list_count++] = text;
    return LS_OK;
}

static const char *const orientation_words[] = {"apply", "ignore", NULL};

static const args_option options[] = {
    {"top", ARGS_WHOLE, ARGS_FIELD(predict_arguments, top), .least = 1, .most = 1000000},
    {"threads", ARGS_WHOLE, ARGS_FIELD(predict_arguments, threads), .least = 1, .most = 1024},
    {"orientation", ARGS_WORD, ARGS_FIELD(predict_arguments, orientation), .least = ORIENTATION_APPLY,
     .words = orientation_words},
    {"list", ARGS_OTHER, .take = take_list},
    {"best", ARGS_FLAG, ARGS_FIELD(predict_arguments, best)},
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
    *a = (predict_arguments){.top = 1, .threads = 1, .orientation = ORIENTATION_AUTO};
    a->lists = calloc((size_t)argc, sizeof *a->lists);
    if (a->lists == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the arguments");
    }
    int code = args_read(a, argc, argv, options);
    if (code == LS_OK) {
        code =
            args_positionals(argc, argv, a->list_count > 0 ? 1 : 2, 0, "CHECKPOINT or a run's folder, and PICTURE...");
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
