#include "cli/inspect.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/log.h"
#include "base/real.h"
#include "cli/args.h"
#include "cli/plain.h"
#include "data/dataset.h"
#include "io/h5.h"
#include "model/model.h"
#include "store/checkpoint.h"
#include "store/runlog.h"
#include "train/run_folder.h"

enum { NAME_SIZE = 512 };

static const char help[] =
    "usage: lockstep inspect FILE...\n"
    "\n"
    "Tell what a data set, a checkpoint or a log.h5 holds, and check that it is not damaged. The line\n"
    "`weights <16 hex digits>` of a checkpoint is the one that train ends with. `lockstep fsck` checks more, and whole "
    "folders. Of a run's folder it tells which checkpoint is the newest and which the best, by validation accuracy.\n"
    "\n"
    "example: lockstep inspect checkpoints/digits.h5 checkpoints/digits-bn/log.h5\n";

static const struct option options[] = {{0}};

/* Every picture is read, which compares it with its hash. */
static int check_pictures(dataset *d)
{
    dataset_buffer buffer = {0};
    int code = LS_OK;
    for (size_t i = 0; code == LS_OK && i < dataset_samples(d); i++) {
        const uint8_t *bytes = NULL;
        size_t size = 0;
        code = dataset_read(d, i, dataset_samples(d) - i, &buffer, &bytes, &size);
    }
    free(buffer.bytes);
    return code;
}

static void count_split(const dataset *d, dataset_split split, size_t *counts)
{
    size_t n = 0;
    const uint32_t *indices = dataset_indices(d, split, &n);
    for (size_t i = 0; i < n; i++) {
        counts[2 * (size_t)dataset_label(d, indices[i]) + (size_t)split]++;
    }
}

static int inspect_dataset(const char *path)
{
    char name[NAME_SIZE];
    dataset *d = NULL;
    size_t *counts = NULL;
    int code = dataset_open(&d, path);
    if (code == LS_OK) {
        code = check_pictures(d);
    }
    if (code != LS_OK) {
        goto cleanup;
    }
    const size_t classes = dataset_classes(d);
    counts = calloc(2 * classes + 1, sizeof *counts);
    if (counts == NULL) {
        code = error_set(LS_ENOMEM, "%s: out of memory for %zu classes", path, classes);
        goto cleanup;
    }
    count_split(d, DATASET_TRAIN, counts);
    count_split(d, DATASET_VAL, counts);
    printf("%s: data set\n", path);
    printf("  %-24s %8s %10s\n", "class", "training", "validation");
    size_t train = 0;
    for (size_t i = 0; i < classes; i++) {
        printf("  %-24s %8zu %10zu\n", plain_line(name, sizeof name, dataset_class_name(d, i)), counts[2 * i],
               counts[2 * i + 1]);
        train += counts[2 * i];
    }
    printf("  %-24s %8zu %10zu\n", "all", train, dataset_samples(d) - train);
    printf("checksum %016" PRIx64 "\n", dataset_fingerprint(d));
cleanup:
    free(counts);
    dataset_free(d);
    return code;
}

/* Read everything, with all checksums and the hash verified. */
static int check_weights(const char *path, const checkpoint_info *info, tensor_table *t, unsigned long long *hash)
{
    int code = model_describe(t, info->class_count, info->batch_norm != 0);
    if (code != LS_OK) {
        return code;
    }
    real *weights = calloc(t->weights_size + 1, sizeof *weights);
    real *moving = calloc(t->moving_size + 1, sizeof *moving);
    code = weights == NULL || moving == NULL ? error_set(LS_ENOMEM, "%s: out of memory for the weights", path)
                                             : checkpoint_read(path, t, weights, moving);
    if (code == LS_OK) {
        *hash = tensor_table_hash(t, weights, moving);
        printf("%s: checkpoint\n", path);
        printf("  mean |w|         %.6f\n", tensor_table_mean_abs(t, weights));
    }
    free(weights);
    free(moving);
    return code;
}

static int inspect_checkpoint(const char *path)
{
    char name[NAME_SIZE];
    checkpoint_info info = {0};
    tensor_table t;
    unsigned long long hash = 0;
    tensor_table_init(&t);
    int code = checkpoint_read_info(&info, path);
    if (code == LS_OK) {
        code = check_weights(path, &info, &t, &hash);
    }
    if (code != LS_OK) {
        goto cleanup;
    }
    printf("  experiment       %s\n", plain_line(name, sizeof name, info.experiment));
    printf("  epoch            %" PRIu64 "\n", info.epoch);
    printf("  step             %" PRIu64 "\n", info.step);
    if (info.position > 0) {
        printf("  position         %" PRIu64 " samples into epoch %" PRIu64 "\n", info.position, info.epoch + 1);
    }
    if (!isnan(info.val_accuracy)) {
        printf("  validation       loss %.6f ce %.6f acc %.6f\n", info.val_loss, info.val_cross_entropy,
               info.val_accuracy);
    }
    printf("  parameters       %zu, and %zu moving statistics\n", t.weights_size, t.moving_size);
    printf("  input            %" PRIu64 "x%" PRIu64 "x3\n", info.width, info.height);
    printf("  normalization    %s\n", plain_line(name, sizeof name, info.normalization));
    printf("  program version  %s\n", plain_line(name, sizeof name, info.program));
    printf("  data checksum    %016" PRIx64 "\n", info.data_checksum);
    printf("  seed             %" PRIu64 "\n", info.seed);
    printf("  classes          %zu:", info.class_count);
    for (size_t i = 0; i < info.class_count; i++) {
        printf("%s %s", i == 0 ? "" : ",", plain_line(name, sizeof name, info.classes[i]));
    }
    printf("\n  configuration\n");
    plain_print(info.config);
    printf("weights %016llx\n", hash);
cleanup:
    tensor_table_release(&t);
    checkpoint_info_release(&info);
    return code;
}

/* A figure, or a dash where there was none. */
static void print_figure(double x, int width, int digits)
{
    if (isnan(x)) {
        printf(" %*s", width, "-");
    } else {
        printf(" %*.*f", width, digits, x);
    }
}

static int inspect_log(const char *path)
{
    runlog_epoch_row *rows = NULL;
    size_t count = 0;
    const int code = runlog_read_epochs(path, &rows, &count);
    if (code != LS_OK) {
        return code;
    }
    printf("%s: log of %zu epoch%s\n", path, count, count == 1 ? "" : "s");
    printf("  epoch  train: loss       ce    acc    val: loss       ce    acc  images/s  mean |w|\n");
    for (size_t i = 0; i < count; i++) {
        const runlog_epoch_row *r = &rows[i];
        printf("  %5" PRIu64, r->epoch);
        print_figure(r->train_loss, 12, 4);
        print_figure(r->train_cross_entropy, 8, 4);
        print_figure(r->train_accuracy, 6, 4);
        print_figure(r->val_loss, 12, 4);
        print_figure(r->val_cross_entropy, 8, 4);
        print_figure(r->val_accuracy, 6, 4);
        print_figure(r->images_per_second, 9, 1);
        print_figure(r->mean_abs_weight, 9, 6);
        putchar('\n');
    }
    free(rows);
    return LS_OK;
}

/* Which checkpoints of a run are its newest and its best. */
static int inspect_folder(const char *dir)
{
    char newest[CHECKPOINT_PATH_SIZE];
    char best[CHECKPOINT_PATH_SIZE];
    int code = checkpoint_latest(newest, sizeof newest, dir);
    if (code != LS_OK) {
        return code;
    }
    printf("%s: a run's folder\n", dir);
    code = run_folder_best(best, sizeof best, dir);
    printf("  best             %s\n", code == LS_OK ? best : "none was validated");
    printf("  newest           %s\n", newest);
    return code == LS_ENOTFOUND ? LS_OK : code;
}

/* Tell the kinds apart by what only one of them has. */
static int inspect_file(const char *path)
{
    struct stat status;
    h5_file *f = NULL;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        return inspect_folder(path);
    }
    const int code = h5_open_read(&f, path);
    if (code != LS_OK) {
        return code;
    }
    const int is_checkpoint = h5_exists(f, "lockstep");
    const int is_log = h5_exists(f, "epochs/epoch");
    const int is_dataset = h5_attr_exists(f, "/", "format");
    (void)h5_close(f);
    if (is_checkpoint) {
        return inspect_checkpoint(path);
    }
    if (is_log) {
        return inspect_log(path);
    }
    return is_dataset ? inspect_dataset(path)
                      : error_set(LS_EFORMAT, "%s: neither a data set nor a checkpoint nor a log of lockstep", path);
}

static int run(int argc, char **argv)
{
    int result = EXIT_DONE;
    int code = args_next(argc, argv, options);
    if (code == LS_OK) {
        code = args_positionals(argc, argv, 1, 0, "FILE...");
    }
    if (code != LS_OK) {
        return code;
    }
    for (int i = optind; i < argc; i++) {
        if (inspect_file(argv[i]) != LS_OK) {
            log_error("%s", error_message());
            result = EXIT_FAILED;
        }
    }
    return result;
}

const command inspect_command = {
    .name = "inspect",
    .summary = "tell what a data set, a checkpoint or a log holds, and whether it is damaged",
    .help = help,
    .run = run,
};
