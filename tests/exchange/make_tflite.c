/*
 * make_tflite FOLDER [KEY=VALUE...]: a network as TensorFlow Lite's files, and what Lockstep itself computes with it,
 * for check_tflite. Writes into FOLDER float.tflite, int8.tflite, ends.tflite (int8 input and output), softmax.tflite
 * (int8), images.f32 [n][height][width][3] and logits.f32 [n][classes].
 *
 *   alpha depth fixed padding head classes bn   the network's (padding: 0 article, 1 keras, 2 symmetric)
 *   height width seed count                     of the input, of what is random, of the images
 *   weights=FILE                                float32, the weights and the moving statistics as the table has them;
 *                                               else random ones, with about the statistics that the images have,
 *                                               of whose mean `left` is taken away
 *   checkpoint=FILE                             Lockstep's, of the same network
 *   images=FILE calibration=FILE                float32, prepared; else random, and the first half of the images
 *   epsilon mean deviation                      BatchNorm's; of pixels, all colours alike
 *   rule share correct                          how ranges are chosen: calibration_rule; whether biases make up for
 *                                               rounded weights
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answers.h"

#include "base/random.h"
#include "exchange/calibrate.h"
#include "exchange/tflite.h"
#include "store/checkpoint.h"

typedef struct setting {
    const char *name;
    double value;
} setting;

static setting settings[] = {
    {"alpha", 0.35},   {"depth", 0},      {"fixed", 0},   {"padding", 1},     {"head", 0},
    {"classes", 10},   {"bn", 1},         {"height", 64}, {"width", 64},      {"seed", 1},
    {"count", 32},     {"epsilon", 1e-3}, {"mean", 0.5},  {"deviation", 0.5}, {"rule", 0},
    {"share", 0.9999}, {"threads", 2},    {"correct", 1}, {"left", 0.5},
};
enum { WEIGHTS, IMAGES, CALIBRATION, CHECKPOINT, FILES };
static const char *files[FILES];
static const char *const file_names[FILES] = {"weights", "images", "calibration", "checkpoint"};

static double get(const char *name)
{
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        if (strcmp(settings[i].name, name) == 0) {
            return settings[i].value;
        }
    }
    abort();
}

static int read_setting(const char *text)
{
    const char *value = strchr(text, '=');
    const size_t n = value == NULL ? 0 : (size_t)(value - text);
    for (size_t i = 0; i < FILES && n > 0; i++) {
        if (strlen(file_names[i]) == n && strncmp(file_names[i], text, n) == 0) {
            files[i] = value + 1;
            return 0;
        }
    }
    for (size_t i = 0; n > 0 && i < sizeof settings / sizeof *settings; i++) {
        if (strlen(settings[i].name) == n && strncmp(settings[i].name, text, n) == 0) {
            settings[i].value = strtod(value + 1, NULL);
            return 0;
        }
    }
    fprintf(stderr, "make_tflite: %s?\n", text);
    return 1;
}

static void need(int code)
{
    if (code != LS_OK) {
        fprintf(stderr, "make_tflite: %s\n", error_message());
        exit(1);
    }
}

static void *room(size_t n, size_t size)
{
    void *p = calloc(n + 1, size);
    if (p == NULL) {
        need(error_set(LS_ENOMEM, "out of memory"));
    }
    return p;
}

/* float32 of a file; *n numbers. */
static real *read_floats(const char *path, size_t *n)
{
    real *out = NULL;
    need(answers_read(&out, n, path));
    return out;
}

static void write_floats(const char *folder, const char *name, const real *values, size_t n)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    need(answers_write(path, values, n));
}

/* Of mean 0 and deviation 1, about. */
static double normal(uint64_t seed, uint64_t stream, uint64_t counter)
{
    double sum = -6;
    for (uint64_t i = 0; i < 12; i++) {
        sum += random_unit(seed, stream, counter * 12 + i);
    }
    return sum;
}

/* Pictures of a few waves and noise, from -1 to 1. */
static real *random_images(size_t n, size_t height, size_t width, uint64_t seed)
{
    real *out = room(n * height * width * 3, sizeof *out);
    for (size_t i = 0; i < n * 3; i++) {
        const uint64_t stream = random_stream(RANDOM_TEST, 1, i);
        const double fy = 12 * random_unit(seed, stream, 0);
        const double fx = 12 * random_unit(seed, stream, 1);
        const double shift = 6 * random_unit(seed, stream, 2);
        const double middle = random_unit(seed, stream, 3) - 0.5;
        for (size_t p = 0; p < height * width; p++) {
            const double y = (double)(p / width) / (double)height;
            const double x = (double)(p % width) / (double)width;
            const double v = middle + 0.5 * sin(fy * y + fx * x + shift) + 0.1 * normal(seed, stream, 9 + p);
            out[(i / 3 * height * width + p) * 3 + i % 3] = (real)fmin(fmax(v, -1), 1);
        }
    }
    return out;
}

static void random_weights(state *s, uint64_t seed)
{
    for (size_t i = 0; i < s->table->count; i++) {
        const tensor_info *t = &s->table->tensors[i];
        const size_t filters = t->role == TENSOR_DEPTHWISE_KERNEL ? t->shape[2] : t->shape[t->rank - 1];
        const double spread = t->rank == 1 ? 0.2 : sqrt(2.0 * (double)filters / (double)t->size);
        const double middle = t->role == TENSOR_GAMMA || t->role == TENSOR_MOVING_VARIANCE ? 1 : 0;
        for (size_t k = 0; k < t->size; k++) {
            state_values(s, t)[k] = (real)(middle + spread * normal(seed, random_stream(RANDOM_TEST, 2, i), k));
        }
    }
}

static int sum_all(void *context, double *out, double *partials, size_t n)
{
    const size_t shards = *(const size_t *)context;
    for (size_t i = 0; i < n; i++) {
        out[i] = 0;
        for (size_t s = 0; s < shards; s++) {
            out[i] += partials[s * n + i];
        }
    }
    return LS_OK;
}

/* The moving statistics become those of the images, which are ANSWERS_AT_ONCE at most. */
static void estimate(model *net, state *s, real *images, size_t n)
{
    size_t shards = n;
    const reducer sums = {sum_all, &shards, n};
    const batch b = {.images = images, .range = shard_range_of(n, 1, 0, 1)};
    double *found = room(s->table->moving_size, sizeof *found);
    need(model_forward(net, s, &b, MODEL_ESTIMATE, &sums, NULL));
    model_batch_statistics(net, found);
    for (size_t i = 0; i < s->table->count; i++) {
        const tensor_info *t = &s->table->tensors[i];
        const double *mean = found + t->offset;
        const double *variance = mean + t->size; /* the next tensor */
        for (size_t k = 0; t->role == TENSOR_MOVING_MEAN && k < t->size; k++) {
            state_values(s, t)[k] = (real)(get("left") * mean[k]);
            state_values(s, t + 1)[k] = (real)(variance[k] + pow((1 - get("left")) * mean[k], 2));
        }
    }
    free(found);
}

static void export(const char *folder, const char *name, const exchange_model *m, tflite_options o)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    need(export_tflite(path, m, &o));
}

static void write_all(const char *folder, const exchange_model *m, real *images, size_t n)
{
    calibration *c = NULL;
    exchange_ranges ranges;
    const calibration_options rule = {(calibration_rule)get("rule"), get("share")};
    size_t count = (n + 1) / 2;
    real *own = files[CALIBRATION] == NULL ? NULL : read_floats(files[CALIBRATION], &count);
    if (own != NULL) {
        count /= m->spec.height * m->spec.width * 3;
    }
    need(calibration_create(&c, m, (int)get("threads")));
    need(calibration_add(c, own == NULL ? images : own, count));
    need(calibration_ranges(&ranges, c, &rule));
    for (size_t i = 0; get("correct") == 0 && i < ranges.count; i++) {
        free(ranges.nodes[i].means);
        ranges.nodes[i].means = NULL;
    }
    export(folder, "float.tflite", m, (tflite_options){0});
    export(folder, "int8.tflite", m, (tflite_options){.ranges = &ranges});
    export(folder, "ends.tflite", m, (tflite_options){.ranges = &ranges, .integer_ends = 1});
    export(folder, "softmax.tflite", m, (tflite_options){.ranges = &ranges, .softmax = 1});
    exchange_ranges_release(&ranges);
    calibration_free(c);
    free(own);
}

/* The weights and moving statistics of a state over a table of its own, or of a file's numbers. */
static void copy_weights(state *s, const real *weights, size_t n, const real *moving, size_t of_moving)
{
    if (n != s->table->weights_size || of_moving != s->table->moving_size) {
        need(error_set(LS_EFORMAT, "%zu weights, not %zu", n, s->table->weights_size));
    }
    memcpy(state_weights(s), weights, n * sizeof *weights);
    memcpy(state_moving(s), moving, of_moving * sizeof *moving);
}

static void read_checkpoint(state *s)
{
    checkpoint_info info;
    tensor_table t;
    state from;
    need(checkpoint_load(&info, &t, &from, files[CHECKPOINT]));
    copy_weights(s, state_weights(&from), t.weights_size, state_moving(&from), t.moving_size);
    state_release(&from);
    tensor_table_release(&t);
    checkpoint_info_release(&info);
}

static void set_weights(model *net, state *s, real *images, size_t n)
{
    size_t size = 0;
    if (files[CHECKPOINT] != NULL) {
        read_checkpoint(s);
    } else if (files[WEIGHTS] != NULL) {
        real *values = read_floats(files[WEIGHTS], &size);
        const size_t of_weights = size < s->table->weights_size ? size : s->table->weights_size;
        copy_weights(s, values, of_weights, values + of_weights, size - of_weights);
        free(values);
    } else {
        random_weights(s, (uint64_t)get("seed"));
        if (s->table->moving_size > 0) {
            estimate(net, s, images, n < ANSWERS_AT_ONCE ? n : ANSWERS_AT_ONCE);
        }
    }
}

static void run(const char *folder, exchange_model *m)
{
    pool *threads = NULL;
    model *net = NULL;
    state s;
    size_t n = (size_t)get("count");
    size_t size = 0;
    const size_t pixels = m->spec.height * m->spec.width;
    real *images = files[IMAGES] == NULL ? random_images(n, m->spec.height, m->spec.width, (uint64_t)get("seed"))
                                         : read_floats(files[IMAGES], &size);
    n = files[IMAGES] == NULL ? n : size / (pixels * 3);
    need(pool_create(&threads, (int)get("threads")));
    need(answers_model(&net, &m->spec, m->epsilon, threads));
    need(state_create(&s, model_table(net), NULL, 0));
    set_weights(net, &s, images, n);
    m->weights = &s;
    real *logits = room(n * m->spec.classes, sizeof *logits);
    need(answers_of(logits, net, &m->spec, &s, images, n));
    write_all(folder, m, images, n);
    write_floats(folder, "images.f32", images, n * pixels * 3);
    write_floats(folder, "logits.f32", logits, n * m->spec.classes);
    free(logits);
    free(images);
    state_release(&s);
    model_free(net);
    pool_free(threads);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fputs("usage: make_tflite FOLDER [KEY=VALUE...]\n", stderr);
        return 2;
    }
    for (int i = 2; i < argc; i++) {
        if (read_setting(argv[i]) != 0) {
            return 2;
        }
    }
    exchange_model m = {.spec = {.height = (size_t)get("height"),
                                 .width = (size_t)get("width"),
                                 .classes = (size_t)get("classes"),
                                 .options = {.batch_norm = get("bn") != 0,
                                             .alpha = get("alpha"),
                                             .depth = get("depth"),
                                             .fixed_ends = get("fixed") != 0,
                                             .padding = (model_padding)get("padding"),
                                             .head_units = (size_t)get("head")}},
                        .epsilon = get("epsilon"),
                        .momentum = 0.99,
                        .program = "make_tflite"};
    const char **names = room(m.spec.classes, sizeof *names);
    for (size_t i = 0; i < m.spec.classes; i++) {
        names[i] = i % 2 == 0 ? "even" : "odd";
    }
    m.classes = names;
    exchange_set_pixels(&m, get("deviation"), get("mean"));
    run(argv[1], &m);
    free(names);
    return 0;
}
