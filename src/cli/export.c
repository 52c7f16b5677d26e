#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpus.h"
#include "base/error.h"
#include "base/log.h"
#include "base/output.h"
#include "base/pool.h"
#include "cli/args.h"
#include "cli/command.h"
#include "cli/saved_model.h"
#include "cli/which.h"
#include "data/loader.h"
#include "data/sample.h"
#include "exchange/calibrate.h"
#include "exchange/export.h"
#include "exchange/onnx.h"
#include "exchange/tflite.h"
#include "store/file_kind.h"

static const char help[] =
    "usage: lockstep export CHECKPOINT|RUN OUT [--best] [--raw] [--logits] [--keep-batch-norm]\n"
    "                       [--int8 --calibrate DATA.h5 [--pictures N] [--integer-io]] [--threads N]\n"
    "\n"
    "Write a checkpoint's network for another program, whose format the end of OUT's name says:\n"
    "\n"
    "  .onnx         ONNX: class probabilities of a batch of any size; names of classes and how pixels are scaled are\n"
    "                in its metadata\n"
    "  .tflite       TensorFlow Lite: one picture; names of classes and scaling are in its metadata\n"
    "  .safetensors  the tensors by torchvision's names, for load_state_dict of its mobilenet_v2\n"
    "  .h5           weights for keras.applications.MobileNetV2(...).load_weights\n"
    "\n"
    "RUN, a run's folder, stands for its newest usable checkpoint. Where the run kept averages of its weights\n"
    "(ema.decay), they are written.\n"
    "\n"
    "  --best            of a run's folder the checkpoint with the best validation\n"
    "  --raw             the weights, also where there are averages\n"
    "  --logits          .onnx, .tflite: logits instead of probabilities\n"
    "  --keep-batch-norm .onnx: BatchNorm stays a layer; else it is part of the convolution before it\n"
    "  --int8            .tflite: weights and activations of 8 bits, at a quarter of the size\n"
    "  --calibrate DATA  and pictures of this data set say what range activations have: its training pictures, at "
    "most\n"
    "  --pictures N      so many, evenly chosen (default 200)\n"
    "  --integer-io      its input and output are of 8 bits, too\n"
    "  --threads N       threads to do that with (default: as many as there are CPUs to use)\n"
    "\n"
    "example: lockstep export checkpoints/flowers flowers.tflite --int8 --calibrate flowers.h5\n";

typedef enum format { ONNX, TFLITE, SAFETENSORS, KERAS, FORMATS } format;

static const char *const endings[FORMATS] = {".onnx", ".tflite", ".safetensors", ".h5"};

typedef struct export_arguments {
    const char *given, *out, *calibrate;
    bool best, raw, logits, keep_batch_norm, int8, integer_io;
    uint64_t pictures, threads; /* threads 0: as there are CPUs */
    format to;
} export_arguments;

#define FIELD(field) ARGS_FIELD(export_arguments, field)

static const args_option options[] = {
    {"best", ARGS_FLAG, FIELD(best)},
    {"raw", ARGS_FLAG, FIELD(raw)},
    {"logits", ARGS_FLAG, FIELD(logits)},
    {"keep-batch-norm", ARGS_FLAG, FIELD(keep_batch_norm)},
    {"int8", ARGS_FLAG, FIELD(int8)},
    {"calibrate", ARGS_TEXT, FIELD(calibrate)},
    {"pictures", ARGS_WHOLE, FIELD(pictures), .least = 1, .most = 1000000},
    {"integer-io", ARGS_FLAG, FIELD(integer_io)},
    {"threads", ARGS_WHOLE, FIELD(threads), .least = 1, .most = 1024},
    {0},
};

static int find_format(export_arguments *a)
{
    const size_t length = strlen(a->out);
    for (int i = 0; i < FORMATS; i++) {
        const size_t n = strlen(endings[i]);
        if (length > n && strcmp(a->out + length - n, endings[i]) == 0) {
            a->to = (format)i;
            return LS_OK;
        }
    }
    return error_set(LS_EUSAGE,
                     "%s: the name ends in none of .onnx, .tflite, .safetensors and .h5, which say the format", a->out);
}

static int check_arguments(const export_arguments *a)
{
    if ((a->logits || a->keep_batch_norm) && a->to != ONNX && !(a->logits && a->to == TFLITE)) {
        return error_set(LS_EUSAGE, "--%s: is not for %s files; leave it out", a->logits ? "logits" : "keep-batch-norm",
                         endings[a->to]);
    }
    if (a->int8 && a->to != TFLITE) {
        return error_set(LS_EUSAGE, "--int8: is for .tflite files; leave it out");
    }
    if (a->int8 != (a->calibrate != NULL)) {
        return error_set(LS_EUSAGE, a->int8 ? "--int8: needs pictures to find ranges by, --calibrate DATA.h5"
                                            : "--calibrate: goes with --int8; leave it out");
    }
    return a->integer_io && !a->int8 ? error_set(LS_EUSAGE, "--integer-io: goes with --int8; leave it out") : LS_OK;
}

static int read_arguments(export_arguments *a, int argc, char **argv)
{
    int code = args_read_all(a, argc, argv, options, 2, 2, "CHECKPOINT or a run's folder, and OUT");
    if (code != LS_OK) {
        return code;
    }
    a->given = argv[optind];
    a->out = argv[optind + 1];
    code = find_format(a);
    return code == LS_OK ? check_arguments(a) : code;
}

static int threads_of(const export_arguments *a)
{
    return a->threads > 0 ? (int)a->threads : cpus_count();
}

/* Pictures that are prepared at once, by all threads. */
enum { AT_ONCE = 16 };

typedef struct preparing {
    loader_options how;
    const uint32_t *indices;
    size_t count, wanted; /* of the split; to be used */
    size_t done;
    real *images;         /* [AT_ONCE][height][width][3] */
    sample_space *spaces; /* [threads] */
    saved_error errors[AT_ONCE];
} preparing;

static void prepare_one(void *context, size_t index, int thread)
{
    preparing *p = context;
    const size_t size = p->how.input.height * p->how.input.width * 3;
    const size_t place = (p->done + index) * p->count / p->wanted;
    error_save(&p->errors[index],
               sample_load(p->images + index * size, &p->how, p->indices[place], 1, 0, 0, &p->spaces[thread]));
}

static int add_pictures(calibration *by, preparing *p, pool *threads)
{
    int code = LS_OK;
    for (; code == LS_OK && p->done < p->wanted; p->done += AT_ONCE) {
        const size_t n = p->wanted - p->done < AT_ONCE ? p->wanted - p->done : AT_ONCE;
        pool_run(threads, prepare_one, p, n);
        for (size_t i = 0; code == LS_OK && i < n; i++) {
            code = error_restore(&p->errors[i]);
        }
        if (code == LS_OK) {
            code = calibration_add(by, p->images, n);
        }
        log_progress("calibrated with %zu of %zu pictures", p->done + n, p->wanted);
    }
    log_progress_end();
    return code;
}

/* Ranges of activations, from pictures of the data set, prepared as the network was validated. */
static int calibrate(exchange_ranges *out, const saved_model *m, const export_arguments *a)
{
    const calibration_options rule = {.rule = CALIBRATION_ERROR};
    const int threads = threads_of(a);
    preparing p = {.how = {.input = data_options_plain(m->saved.data)}};
    calibration *by = NULL;
    pool *workers = NULL;
    int code = dataset_open_unread(&p.how.data, a->calibrate);
    if (code != LS_OK) {
        return code;
    }
    p.how.turn = m->info.orientation != CHECKPOINT_AS_STORED && dataset_turns(p.how.data);
    p.indices = dataset_indices(p.how.data, DATASET_TRAIN, &p.count);
    p.wanted = p.count < a->pictures ? p.count : (size_t)a->pictures;
    p.images = malloc(AT_ONCE * p.how.input.height * p.how.input.width * 3 * sizeof *p.images);
    p.spaces = calloc((size_t)threads, sizeof *p.spaces);
    if (p.images == NULL || p.spaces == NULL) {
        code = error_set(LS_ENOMEM, "out of memory for %d pictures at once", (int)AT_ONCE);
    }
    if (code == LS_OK && p.count == 0) {
        code = error_set(LS_EUSAGE, "%s: holds no training pictures to calibrate with", a->calibrate);
    }
    if (code == LS_OK) {
        code = pool_create(&workers, threads);
    }
    if (code == LS_OK) {
        code = calibration_create(&by, &m->model, threads);
    }
    if (code == LS_OK) {
        code = add_pictures(by, &p, workers);
    }
    if (code == LS_OK) {
        code = calibration_ranges(out, by, &rule);
    }
    calibration_free(by);
    pool_free(workers);
    for (int i = 0; p.spaces != NULL && i < threads; i++) {
        sample_space_release(&p.spaces[i]);
    }
    free(p.spaces);
    free(p.images);
    dataset_free(p.how.data);
    return code;
}

static int export_lite(const saved_model *m, const export_arguments *a)
{
    exchange_ranges ranges = {0};
    tflite_options o = {.integer_ends = a->integer_io, .softmax = !a->logits};
    int code = a->int8 ? calibrate(&ranges, m, a) : LS_OK;
    o.ranges = a->int8 ? &ranges : NULL;
    if (code == LS_OK) {
        code = export_tflite(a->out, &m->model, &o);
        exchange_ranges_release(&ranges);
    }
    return code;
}

static int write_model(const saved_model *m, const export_arguments *a)
{
    const onnx_options onnx = {.keep_batch_norm = a->keep_batch_norm, .softmax = !a->logits};
    switch (a->to) {
    case ONNX: return export_onnx(a->out, &m->model, &onnx);
    case TFLITE: return export_lite(m, a);
    case SAFETENSORS: return export_safetensors(a->out, &m->model);
    default: return export_keras(a->out, &m->model);
    }
}

static void print_result(const saved_model *m, const export_arguments *a)
{
    const bool averages = !a->raw && m->saved.optimizer.ema.decay > 0;
    log_info("%s: %s of %zu classes, input %zux%zu%s%s", a->out, networks[m->model.spec.network]->name,
             m->model.spec.classes, m->model.spec.width, m->model.spec.height,
             averages ? ", averages of the weights" : "", a->int8 ? ", int8" : "");
}

static int run(int argc, char **argv)
{
    char checkpoint[CHECKPOINT_PATH_SIZE];
    saved_model m = {0};
    export_arguments a = {.pictures = 200};
    int code = read_arguments(&a, argc, argv);
    if (code == LS_OK) {
        code = which_checkpoint(checkpoint, a.given, a.best);
    }
    if (code == LS_OK) {
        const char *const inputs[] = {checkpoint, a.calibrate != NULL ? a.calibrate : checkpoint};
        code = file_kind_check_output(a.out, "the network", output_check, inputs, 2);
    }
    if (code == LS_OK) {
        code = saved_model_read(&m, checkpoint, a.raw);
    }
    if (code == LS_OK) {
        code = write_model(&m, &a);
    }
    if (code == LS_OK) {
        print_result(&m, &a);
    }
    saved_model_release(&m);
    return code;
}

const command export_command = {
    .name = "export",
    .summary = "write a network for ONNX, TensorFlow Lite, PyTorch or Keras",
    .help = help,
    .run = run,
};
