#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/output.h"
#include "cli/args.h"
#include "cli/bench_data.h"
#include "cli/bench_report.h"
#include "cli/command.h"
#include "cli/parallel.h"

static const char help[] =
    "usage: [mpirun -n RANKS] lockstep bench [--size N] [--batch N] [--classes N] [--steps N] [--warm-up N]\n"
    "                                        [--batch-norm sync|local|none] [--l2 C] [--threads N] [--shard N]\n"
    "                                        [--precision float32|mixed] [--values ordinary|small]\n"
    "                                        [--layers] [--json FILE]\n"
    "       [mpirun -n RANKS] lockstep bench --data FILE [--config FILE] [--set SECTION.KEY=VALUE]... [--size WxH]\n"
    "                                        [--batch N] [--steps N] [--warm-up N] [--threads N] [--json FILE]\n"
    "\n"
    "Time the training step, the same that train runs, on random images in memory. Prints images/s of all ranks,\n"
    "where a rank's time goes, and how far each kind of layer is from the limits of the machine: a chain of fused\n"
    "multiply-adds and a stream through memory, measured in the same process on all ranks at once.\n"
    "\n"
    "With --data, time how the pictures of a data set come to the network: alone, by what is done with them, and\n"
    "while it is trained, and how much of a step waits for them.\n"
    "\n"
    "  --data FILE                   a data set of `lockstep pack`\n"
    "  --config FILE                 with --data: the training's configuration; without it keys have their defaults\n"
    "  --set SECTION.KEY=VALUE       with --data: instead of that, as for train; may be given again\n"
    "  --size N|WxH                  columns and rows of an image (224); W and H may differ with --data\n"
    "  --batch N                     images a step and rank (32)\n"
    "  --classes N                   (10)\n"
    "  --steps N                     steps that are timed (10)\n"
    "  --warm-up N                   steps before them (2)\n"
    "  --batch-norm sync|local|none  over the global batch, over a rank's part, or no BatchNorm (sync)\n"
    "  --l2 C                        penalty on the weights (0.001)\n"
    "  --optimizer sgd|rmsprop|adam|adamw|lars|lamb\n"
    "                                of the update (sgd)\n"
    "  --momentum M                  of sgd, rmsprop and lars (0)\n"
    "  --ema                         averages of the weights as well\n"
    "  --threads N                   computing threads a rank (1)\n"
    "  --shard N                     samples a shard, 4 or 8 (4)\n"
    "  --precision float32|mixed     what passes between layers: float32, or stored in bf16 (float32)\n"
    "  --values ordinary|small       small: also as many steps, in turns with ordinary ones, on values so small that\n"
    "                                most numbers between the layers would be subnormal, and how their rates compare\n"
    "                                (ordinary)\n"
    "  --layers                      also a line for each layer, forward and backward\n"
    "  --json FILE                   write all that was measured to FILE; `-`: to standard output, and nothing else\n"
    "\n"
    "A layer's time is the median over the steps, a phase's the mean, and both are means over the ranks. `of limit`\n"
    "is the least time that the layer's arithmetic and memory traffic need at the measured limits, as a part of its\n"
    "time. With --data, what is not said is as the configuration has it, and options that are not in the second line\n"
    "are keys of it.\n"
    "\n"
    "example: mpirun -n 2 lockstep bench --batch 16 --layers\n"
    "         mpirun -n 2 lockstep bench --data flowers.h5 --set augment.crop=true --set augment.policy=trivial\n";

enum { LEAST_SIDE = 32, MOST_SIDE = 2048 };

typedef enum bench_norm { NORM_SYNC, NORM_LOCAL, NORM_NONE } bench_norm;

typedef struct bench_arguments {
    bench_options options;
    bench_norm norm;
    bool layers;
    size_t width, height;
    bench_data_arguments data;
    /* The last option given of some, or NULL: */
    const char *of_random, *of_data, *batch, *threads, *size;
} bench_arguments;

static int take_shard(void *arguments, const char *option, const char *text)
{
    const bool four = strcmp(text, "4") == 0;
    ((bench_arguments *)arguments)->options.shard_size = four ? 4 : 8;
    return four || strcmp(text, "8") == 0 ? LS_OK : error_set(LS_EUSAGE, "%s: '%s' is not 4 or 8", option, text);
}

static int take_size(void *arguments, const char *option, const char *text)
{
    bench_arguments *a = arguments;
    uint64_t side = 0;
    if (strchr(text, 'x') != NULL) {
        return args_size(&a->width, &a->height, option, text);
    }
    const int code = args_whole(&side, option, text, LEAST_SIDE, MOST_SIDE);
    a->width = a->height = (size_t)side;
    return code;
}

static int take_ema(void *arguments, const char *option, const char *text)
{
    ((bench_arguments *)arguments)->options.optimizer.ema.decay = 0.999;
    return text == NULL ? LS_OK : error_set(LS_EUSAGE, "%s takes no value", option);
}

static const char *const optimizer_words[] = {"sgd", "rmsprop", "adam", "adamw", "lars", "lamb", NULL};
static const char *const norm_words[] = {"sync", "local", "none", NULL};
static const char *const values_words[] = {"ordinary", "small", NULL};

#define FIELD(field) ARGS_FIELD(bench_arguments, field)
#define MARK(field)  ARGS_MARK(bench_arguments, field)

static const args_option options[] = {
    {"data", ARGS_TEXT, FIELD(data.file)},
    {"config", ARGS_TEXT, FIELD(data.config), MARK(of_data)},
    {"set", ARGS_TEXTS, FIELD(data.sets), MARK(of_data)},
    {"size", ARGS_OTHER, .take = take_size, MARK(size)},
    {"batch", ARGS_WHOLE, FIELD(options.batch), .least = 1, .most = 1048576, MARK(batch)},
    {"classes", ARGS_WHOLE, FIELD(options.classes), .least = 2, .most = 100000, MARK(of_random)},
    {"steps", ARGS_WHOLE, FIELD(options.steps), .least = 1, .most = BENCH_MAX_STEPS},
    {"warm-up", ARGS_WHOLE, FIELD(options.warm_up), .most = 1000000},
    {"batch-norm", ARGS_WORD, FIELD(norm), .words = norm_words, MARK(of_random)},
    {"l2", ARGS_NUMBER, FIELD(options.optimizer.l2), .high = 1000, MARK(of_random)},
    {"optimizer", ARGS_WORD, FIELD(options.optimizer.kind), .words = optimizer_words, MARK(of_random)},
    {"momentum", ARGS_NUMBER, FIELD(options.optimizer.momentum), .high = 1, MARK(of_random)},
    {"ema", ARGS_OTHER, .take = take_ema, .optional = true, MARK(of_random)},
    {"threads", ARGS_WHOLE, FIELD(options.threads), .least = 1, .most = 1024, MARK(threads)},
    {"shard", ARGS_OTHER, .take = take_shard, MARK(of_random)},
    {"layers", ARGS_FLAG, FIELD(layers), MARK(of_random)},
    {"json", ARGS_TEXT, FIELD(data.json)},
    {"precision", ARGS_WORD, FIELD(options.network.precision), .words = args_precision, MARK(of_random)},
    {"values", ARGS_WORD, FIELD(options.small), .words = values_words, MARK(of_random)},
    {0},
};

static const char what[] = "a report";

static int write_json(const bench_arguments *a, const bench_result *r, const bench_row *rows, size_t count)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    int code = LS_ENOMEM;
    if (to != NULL) {
        bench_report_json(to, &a->options, r, rows, count);
        code = fclose(to) == 0 ? LS_OK : LS_ENOMEM;
    }
    code = code == LS_OK ? output_write_text(a->data.json, what, text, size)
                         : error_set(LS_ENOMEM, "%s: out of memory for a report", a->data.json);
    free(text);
    return code;
}

static int report(const bench_arguments *a, const bench_result *r)
{
    bench_row *rows = NULL;
    size_t count = 0;
    int code = bench_rows(&rows, &count, r);
    if (code == LS_OK && (a->data.json == NULL || strcmp(a->data.json, "-") != 0)) {
        bench_report_print(&a->options, r, rows, count, a->layers);
    }
    if (code == LS_OK && a->data.json != NULL) {
        code = write_json(a, r, rows, count);
    }
    free(rows);
    return code;
}

static int bench(comm *c, void *context)
{
    const bench_arguments *a = context;
    const bool leads = comm_rank(c) == 0;
    bench_result r = {0};
    if (a->data.file != NULL) {
        return bench_data_run(c, &a->data);
    }
    /* Before anything is timed, so that a wrong name costs nobody an hour. */
    int code = comm_agree(c, leads && a->data.json != NULL ? output_check_text(a->data.json, what) : LS_OK);
    if (code == LS_OK) {
        code = bench_run(&r, c, &a->options);
    }
    if (code == LS_OK) {
        code = comm_agree(c, leads ? report(a, &r) : LS_OK);
    }
    bench_release(&r);
    return code;
}

/* What was given together; and of --data's options those that others have too. */
static int settle(bench_arguments *a)
{
    bench_data_arguments *d = &a->data;
    if (d->file != NULL && a->of_random != NULL) {
        return error_set(LS_EUSAGE,
                         "--%s is about the step on random images; with --data give keys of the configuration, as "
                         "--set train.momentum=0.9",
                         a->of_random);
    }
    if (d->file == NULL && a->of_data != NULL) {
        return error_set(LS_EUSAGE, "--%s is about the pictures of a data set; give --data FILE as well", a->of_data);
    }
    if (d->file == NULL && (a->width != a->height || a->width > MOST_SIDE || a->width < LEAST_SIDE)) {
        return error_set(LS_EUSAGE, "--size: random images are square, of %d to %d pixels a side", LEAST_SIDE,
                         MOST_SIDE);
    }
    a->options.side = a->width;
    d->width = a->size != NULL ? a->width : 0;
    d->height = a->size != NULL ? a->height : 0;
    d->batch = a->batch != NULL || d->config == NULL ? a->options.batch : 0;
    d->threads = a->threads != NULL ? a->options.threads : 0;
    d->steps = a->options.steps;
    d->warm_up = a->options.warm_up;
    return LS_OK;
}

static int run(int argc, char **argv)
{
    bench_arguments a = {.width = 224,
                         .height = 224,
                         .options = {.batch = 32,
                                     .classes = 10,
                                     .shard_size = 4,
                                     .steps = 10,
                                     .warm_up = 2,
                                     .optimizer = {.learning_rate = 0.1,
                                                   .l2 = 0.001,
                                                   .rho = 0.9,
                                                   .beta_1 = 0.9,
                                                   .beta_2 = 0.999,
                                                   .epsilon = 1e-7,
                                                   .trust = 0.001},
                                     .threads = 1}};
    int code = args_read_all(&a, argc, argv, options, 0, 0, "options only");
    a.options.network.batch_norm = a.norm != NORM_NONE;
    a.options.mode = a.norm == NORM_LOCAL ? BATCH_NORM_LOCAL : BATCH_NORM_SYNC;
    if (code == LS_OK) {
        code = settle(&a);
    }
    if (code == LS_OK) {
        code = parallel_run(bench, &a);
    }
    free(a.data.sets.texts);
    return code;
}

const command bench_command = {
    .name = "bench",
    .summary = "time training steps on random images, by phase and layer, and the input from a data set",
    .help = help,
    .run = run,
};
