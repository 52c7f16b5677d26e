#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/output.h"
#include "base/real.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/command.h"
#include "cli/facts.h"
#include "cli/inspect_dataset.h"
#include "cli/log_table.h"
#include "cli/network_table.h"
#include "cli/run_options.h"
#include "cli/which.h"
#include "config/config.h"
#include "io/named.h"
#include "store/checkpoint.h"
#include "store/file_kind.h"
#include "store/run_folder.h"
#include "store/weights_file.h"

static const char help[] =
    "usage: lockstep inspect FILE...\n"
    "       lockstep inspect DATA.h5 --montage OUT.png\n"
    "       lockstep inspect --newest RUN [--run NAME]\n"
    "       lockstep inspect --network CONFIG.yaml [--classes N]\n"
    "\n"
    "Show what a data set, a checkpoint or a log.h5 holds, and check that it is not damaged. The line\n"
    "`weights <16 hex digits>` of a checkpoint is the one that train ends with. `lockstep fsck` checks more, and\n"
    "whole folders. Of a run's folder it shows which checkpoint is the newest and which the best, by validation\n"
    "accuracy.\n"
    "\n"
    "  --montage OUT.png\n"
    "              draw some pictures of each class of a data set into one, under the classes' names\n"
    "  --newest    of the run's folder RUN, print for scripts the newest usable checkpoint alone:\n"
    "              STEP<TAB>HASH<TAB>PATH; HASH is that of its weights, and `printf %b` gives PATH back\n"
    "  --run NAME  of the run of this name (its experiment.name); others in that folder are passed over\n"
    "  --network   print the network of a run's configuration: layers, shapes, parameters\n"
    "  --classes N instead of those of its data set (10 where that cannot be opened)\n"
    "\n"
    "example: lockstep inspect checkpoints/digits.h5 checkpoints/digits-bn/log.h5\n";

typedef struct inspect_arguments {
    bool newest, network;
    const char *run;
    const char *montage;
    uint64_t classes;
} inspect_arguments;

static const args_option options[] = {
    {"newest", ARGS_FLAG, ARGS_FIELD(inspect_arguments, newest)},
    {"run", ARGS_TEXT, ARGS_FIELD(inspect_arguments, run)},
    {"montage", ARGS_TEXT, ARGS_FIELD(inspect_arguments, montage)},
    {"network", ARGS_FLAG, ARGS_FIELD(inspect_arguments, network)},
    {"classes", ARGS_WHOLE, ARGS_FIELD(inspect_arguments, classes), .least = 2, .most = 100000},
    {0},
};

/* The run's name is in its configuration. */
static void print_run(const checkpoint_info *info)
{
    config c = {0};
    if (config_parse(&c, info->config, strlen(info->config), "configuration", NULL, 0) == LS_OK) {
        log_info("  run              %s", c.experiment.name);
    }
    config_free(&c);
}

/* For who would use the weights elsewhere: with epsilon as it stands in the configuration they are another function. */
static void print_shrink(const checkpoint_info *info)
{
    config c = {0};
    if (!isnan(info->shrink) &&
        config_parse(&c, info->config, strlen(info->config), "configuration", NULL, 0) == LS_OK) {
        log_info("  decay as a rate  has left %.6g of the weights before a BatchNorm, whose epsilon is %.8g",
                 info->shrink, state_shrink_epsilon((state_shrink){.left = info->shrink}, c.batch_norm.epsilon));
    }
    config_free(&c);
}

static int inspect_checkpoint(const char *path)
{
    checkpoint_info info;
    tensor_table t;
    state s;
    text_builder classes = {0};
    char computed[256];
    const int code = checkpoint_load(&info, &t, &s, path);
    if (code != LS_OK) {
        goto cleanup;
    }
    log_info("%s: checkpoint", path);
    log_info("  mean |w|         %.6f", tensor_table_mean_abs(&t, state_weights(&s)));
    print_run(&info);
    log_info("  experiment       %s", info.experiment);
    log_info("  epoch            %" PRIu64 "", info.epoch);
    log_info("  step             %" PRIu64 "", info.step);
    (void)origin_describe(computed, sizeof computed, &info.origin);
    log_info("  computed by      %s", computed);
    if (info.position > 0) {
        log_info("  position         %" PRIu64 " samples into epoch %" PRIu64 "", info.position, info.epoch + 1);
    }
    print_shrink(&info);
    if (!isnan(info.val_accuracy)) {
        log_info("  validation       loss %.6f ce %.6f acc %.6f", info.val_loss, info.val_cross_entropy,
                 info.val_accuracy);
    }
    log_info("  parameters       %zu, and %zu moving statistics", t.weights_size, t.moving_size);
    log_info("  input            %" PRIu64 "x%" PRIu64 "x3", info.width, info.height);
    log_info("  normalization    %s", info.normalization);
    log_info("  program version  %s", info.program);
    log_info("  data checksum    %016" PRIx64 "", info.data_checksum);
    log_info("  seed             %" PRIu64 "", info.seed);
    for (size_t i = 0; i < info.class_count; i++) {
        text_add(&classes, "%s %s", i == 0 ? "" : ",", info.classes[i]);
    }
    log_info("  classes          %zu:%s", info.class_count, text_of(&classes));
    log_info("  configuration");
    log_lines(info.config);
    log_info("weights %016" PRIx64, state_hash(&s));
cleanup:
    text_release(&classes);
    state_release(&s);
    tensor_table_release(&t);
    checkpoint_info_release(&info);
    return code;
}

/* The best checkpoint, and the figure that it is the best by. */
static void print_best(const char *path)
{
    config c = {0};
    checkpoint_info info = {0};
    if (run_options_of_checkpoint(&c, &info, path) != LS_OK) {
        log_info("  best             %s", path);
    } else if (isnan(info.score) || c.checkpoint.best_by == METRIC_VAL_ACCURACY) {
        log_info("  best             %s (validation accuracy %.6f)", path, info.val_accuracy);
    } else {
        log_info("  best             %s (%s %.6f)", path, metric_name(c.checkpoint.best_by),
                 metric_value(c.checkpoint.best_by, info.score));
    }
    config_free(&c);
    checkpoint_info_release(&info);
}

/* Which checkpoints of a run are its newest and its best. */
static int inspect_folder(const char *dir)
{
    char newest[CHECKPOINT_PATH_SIZE];
    char best[CHECKPOINT_PATH_SIZE];
    checkpoint_info info = {0};
    run_folder *folder = NULL;
    int code = which_open_run(&folder, dir);
    if (code == LS_OK) {
        code = run_folder_newest(folder, newest, sizeof newest, NULL);
    }
    if (code != LS_OK) {
        goto cleanup;
    }
    log_info("%s: a run's folder", dir);
    if (checkpoint_read_info(&info, newest) == LS_OK) {
        print_run(&info);
    }
    checkpoint_info_release(&info);
    code = run_folder_best(folder, best, sizeof best);
    if (code == LS_OK) {
        print_best(best);
    } else {
        log_info("  best             none was validated");
    }
    log_info("  newest           %s", newest);
    code = code == LS_ENOTFOUND ? LS_OK : code;
cleanup:
    run_folder_close(folder);
    return code;
}

static int inspect_keras(const char *path)
{
    weights_file w;
    const int code = weights_file_open(&w, path);
    if (code != LS_OK) {
        return code;
    }
    const size_t classes = w.table.tensors[w.table.count - 1].size; /* the last layer's bias */
    log_info("%s: weights file of Keras", path);
    log_info("  parameters       %zu, and %zu moving statistics", w.table.weights_size, w.table.moving_size);
    log_info("  classes          %zu", classes);
    weights_file_close(&w);
    return LS_OK;
}

static int inspect_file(const char *path, const char *montage)
{
    file_kind kind = FILE_OTHER;
    if (montage == NULL && named_is_folder(path)) {
        return inspect_folder(path);
    }
    int code = named_check(path);
    if (code == LS_OK) {
        code = file_kind_of(&kind, path);
    }
    if (code != LS_OK) {
        return code;
    }
    if (montage != NULL && kind != FILE_DATASET) {
        return error_set(LS_EUSAGE, "--montage: is for a data set, and %s is none", path);
    }
    switch (kind) {
    case FILE_CHECKPOINT: return inspect_checkpoint(path);
    case FILE_LOG: return log_table_print(path);
    case FILE_DATASET: return inspect_dataset(path, montage);
    case FILE_KERAS: return inspect_keras(path);
    default: return error_set(LS_EUSAGE, "%s: neither a data set nor a checkpoint nor a log of lockstep", path);
    }
}

static int inspect_files(int count, char **paths)
{
    int result = EXIT_DONE;
    for (int i = 0; i < count; i++) {
        const int code = inspect_file(paths[i], NULL);
        if (code != LS_OK) {
            log_error("%s", error_message());
            result = error_exit_code(code) > result ? error_exit_code(code) : result;
        }
    }
    return result;
}

static int check_arguments(const inspect_arguments *a, int argc, char **argv)
{
    const int ways = a->newest + a->network + (a->montage != NULL);
    const char *wanted = a->newest ? "RUN" : a->network ? "CONFIG.yaml" : a->montage != NULL ? "DATA.h5" : "FILE...";
    const int code = args_positionals(argc, argv, 1, ways > 0 ? 1 : ARGS_ANY_NUMBER, wanted);
    if (code != LS_OK) {
        return code;
    }
    if (ways > 1) {
        return error_set(LS_EUSAGE, "--newest, --network and --montage exclude each other; give one of them");
    }
    if (a->run != NULL && !a->newest) {
        return error_set(LS_EUSAGE, "--run: goes with --newest only; see `lockstep help inspect`");
    }
    if (a->classes > 0 && !a->network) {
        return error_set(LS_EUSAGE, "--classes: goes with --network only; see `lockstep help inspect`");
    }
    return LS_OK;
}

static int run(int argc, char **argv)
{
    inspect_arguments a = {0};
    int code = args_read(&a, argc, argv, options);
    if (code == LS_OK) {
        code = check_arguments(&a, argc, argv);
    }
    if (code == LS_OK && a.montage != NULL) {
        code = output_check(a.montage, "a montage");
    }
    if (code != LS_OK) {
        return code;
    }
    return a.newest            ? facts_print_newest(argv[optind], a.run)
           : a.network         ? network_table_print(argv[optind], (size_t)a.classes)
           : a.montage != NULL ? inspect_file(argv[optind], a.montage)
                               : inspect_files(argc - optind, argv + optind);
}

const command inspect_command = {
    .name = "inspect",
    .summary = "show what a data set, a checkpoint or a log holds, and whether it is damaged; print a network",
    .help = help,
    .run = run,
};
