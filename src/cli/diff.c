#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "cli/args.h"
#include "cli/command.h"
#include "cli/compare.h"
#include "config/config.h"
#include "store/weights_file.h"

static const char help[] =
    "usage: lockstep diff [--all] A B\n"
    "\n"
    "Compare two checkpoints, or weights files of Keras, tensor by tensor: how many numbers differ in any bit, the\n"
    "largest difference, and the largest relative one, |a - b| / max(|a|, |b|). Of two checkpoints, counters and\n"
    "configuration keys that differ are listed first; the exit status is about tensors alone.\n"
    "\n"
    "  --all  list equal tensors too\n"
    "\n"
    "exit status: 0 all tensors are equal bit by bit, 1 some differ, 2 trouble (a file cannot be read, wrong usage)\n"
    "example: lockstep diff one/step-00000100.weights.h5 other/step-00000100.weights.h5\n";

typedef struct diff_arguments {
    bool all;
} diff_arguments;

static const args_option options[] = {{"all", ARGS_FLAG, ARGS_FIELD(diff_arguments, all)}, {0}};

typedef struct totals {
    size_t tensors, differing;
    compare_result all; /* over all tensors that both have */
    char worst[2 * TENSOR_NAME_SIZE];
} totals;

static void print_change(void *context, const char *name, const char *a, const char *b)
{
    (void)context;
    log_info("%s: %s, %s", name, a, b);
}

static int diff_config(const checkpoint_info *a, const checkpoint_info *b)
{
    config first = {0};
    config second = {0};
    int code = config_parse(&first, a->config, strlen(a->config), "configuration of A", NULL, 0);
    if (code == LS_OK) {
        code = config_parse(&second, b->config, strlen(b->config), "configuration of B", NULL, 0);
    }
    if (code == LS_OK) {
        code = config_changes(&first, &second, print_change, NULL);
    } else { /* of another version of the program, perhaps: weights can be compared all the same */
        if (strcmp(a->config, b->config) != 0) {
            log_info("the configurations differ; keys are not compared: %s", error_message());
        }
        code = LS_OK;
    }
    config_free(&first);
    config_free(&second);
    return code < 0 ? code : LS_OK;
}

static int diff_info(const weights_file *a, const weights_file *b)
{
    if (!a->is_checkpoint || !b->is_checkpoint) {
        return LS_OK;
    }
    (void)checkpoint_info_difference(&a->info, &b->info, print_change, NULL);
    return diff_config(&a->info, &b->info);
}

static const char *type_name(h5_type type)
{
    return type == H5_FLOAT64 ? "float64" : "float32";
}

static void add(totals *t, const compare_result *r, const char *name)
{
    t->all.numbers += r->numbers;
    t->all.differing += r->differing;
    if (compare_exceeds(r->largest, t->all.largest) || (r->differing > 0 && t->worst[0] == '\0')) {
        t->all.largest = r->largest;
        (void)snprintf(t->worst, sizeof t->worst, "%s", name);
    }
    t->all.relative = compare_exceeds(r->relative, t->all.relative) ? r->relative : t->all.relative;
}

static void print_tensor(const char *name, const compare_result *r, const h5_type types[2], bool all)
{
    char verdict[128] = "equal";
    char numbers[64] = "";
    if (r->differing > 0) {
        (void)snprintf(verdict, sizeof verdict, "differs in %zu of %zu, at most by %.6g, relative %.6g", r->differing,
                       r->numbers, r->largest, r->relative);
    } else if (types[0] == types[1] && !all) {
        return;
    }
    if (types[0] != types[1]) {
        (void)snprintf(numbers, sizeof numbers, " (%s, %s)", type_name(types[0]), type_name(types[1]));
    }
    log_info("%-40s %s%s", name, verdict, numbers);
}

/* Tensor i of A, which is tensor j of B and has its shape. */
static int diff_tensor(totals *t, const weights_file *a, size_t i, const weights_file *b, size_t j, bool all)
{
    char name[2 * TENSOR_NAME_SIZE];
    h5_type types[2] = {H5_OTHER, H5_OTHER};
    const size_t size = a->table.tensors[i].size;
    double *first = calloc(size + 1, sizeof *first);
    double *second = calloc(size + 1, sizeof *second);
    int code =
        first == NULL || second == NULL ? error_set(LS_ENOMEM, "out of memory for a tensor of %zu", size) : LS_OK;
    if (code == LS_OK) {
        code = weights_file_read(a, i, first, &types[0]);
    }
    if (code == LS_OK) {
        code = weights_file_read(b, j, second, &types[1]);
    }
    if (code == LS_OK) {
        const compare_result r = compare_numbers(first, second, size);
        (void)tensor_full_name(name, sizeof name, &a->table.tensors[i]);
        print_tensor(name, &r, types, all);
        add(t, &r, name);
        t->differing += r.differing > 0 || types[0] != types[1];
    }
    free(first);
    free(second);
    return code;
}

static void print_lonely(totals *t, const tensor_info *info, const char *what)
{
    char name[2 * TENSOR_NAME_SIZE];
    t->tensors++;
    t->differing++;
    log_info("%-40s %s", tensor_full_name(name, sizeof name, info), what);
}

static int diff_tensors(totals *t, const weights_file *a, const weights_file *b, bool all)
{
    int code = LS_OK;
    for (size_t i = 0; code == LS_OK && i < a->table.count; i++) {
        const tensor_info *info = &a->table.tensors[i];
        const size_t j = weights_file_find(b, info);
        if (j == b->table.count) {
            print_lonely(t, info, "only in A");
        } else if (!tensor_same_shape(info, &b->table.tensors[j])) {
            print_lonely(t, info, "has another shape in B");
        } else {
            t->tensors++;
            code = diff_tensor(t, a, i, b, j, all);
        }
    }
    for (size_t j = 0; code == LS_OK && j < b->table.count; j++) {
        if (weights_file_find(a, &b->table.tensors[j]) == a->table.count) {
            print_lonely(t, &b->table.tensors[j], "only in B");
        }
    }
    return code;
}

static void print_totals(const totals *t)
{
    char largest[256] = "";
    if (t->differing == 0) {
        log_info("%zu tensors, %zu numbers: all equal, bit by bit", t->tensors, t->all.numbers);
        return;
    }
    if (t->all.differing > 0) {
        (void)snprintf(largest, sizeof largest, ", at most by %.6g in %s, relative %.6g", t->all.largest, t->worst,
                       t->all.relative);
    }
    log_info("%zu of %zu tensors differ, %zu of %zu numbers%s", t->differing, t->tensors, t->all.differing,
             t->all.numbers, largest);
}

static int diff(const char *first, const char *second, bool all)
{
    totals t = {0};
    weights_file a;
    weights_file b = {0};
    int code = weights_file_open(&a, first);
    if (code == LS_OK) {
        code = weights_file_open(&b, second);
    }
    if (code == LS_OK) {
        code = diff_info(&a, &b);
    }
    if (code == LS_OK) {
        code = diff_tensors(&t, &a, &b, all);
    }
    if (code == LS_OK) {
        print_totals(&t);
    }
    weights_file_close(&a);
    weights_file_close(&b);
    return code != LS_OK ? code : t.differing == 0 ? EXIT_DONE : EXIT_FAILED;
}

static int run(int argc, char **argv)
{
    diff_arguments a = {0};
    int code = args_read_all(&a, argc, argv, options, 2, 2, "A B");
    if (code != LS_OK) {
        return code;
    }
    code = diff(argv[optind], argv[optind + 1], a.all);
    if (code < 0) { /* 1 says that they differ, so trouble needs another number */
        log_error("%s", error_message());
        return EXIT_USAGE;
    }
    return code;
}

const command diff_command = {
    .name = "diff",
    .summary = "compare two checkpoints or Keras weights files, tensor by tensor",
    .help = help,
    .run = run,
};
