/*
 * random_onnx FOLDER: networks of many kinds with random weights and moving statistics, each as ONNX files, and beside
 * them random inputs and what Lockstep answers to them. A line for each file on standard output:
 *
 *   FILE NAME HEIGHT WIDTH CLASSES OUTPUT
 *
 * NAME.input has SAMPLES pictures as float32 [SAMPLES][3][HEIGHT][WIDTH], NAME.logits the answers as float64
 * [SAMPLES][CLASSES]; OUTPUT is what the file gives, logits or probabilities.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answers.h"
#include "random_network.h"

#include "base/pool.h"
#include "exchange/onnx.h"

enum { SAMPLES = 5, MOST_CLASSES = 1000, NAME_SIZE = 16 };

typedef struct random_case {
    const char *name;
    size_t height, width, classes;
    network_options options;
} random_case;

static const random_case cases[] = {
    {"article", 32, 32, 10, {.batch_norm = true, .alpha = 0.35}},
    {"article_odd", 33, 47, 10, {.batch_norm = true, .alpha = 0.5}},
    {"article_mixed", 64, 45, 2, {.batch_norm = true, .alpha = 0.75, .depth = 0.5, .head_units = 33}},
    {"keras", 64, 96, 10, {.batch_norm = true, .padding = PADDING_KERAS}},
    {"keras_odd", 33, 75, 10, {.batch_norm = true, .alpha = 0.35, .padding = PADDING_KERAS}},
    {"keras_mixed", 50, 39, 7, {.batch_norm = true, .alpha = 1.4, .depth = 0.3, .padding = PADDING_KERAS}},
    {"symmetric", 48, 32, 10, {.batch_norm = true, .alpha = 0.5, .padding = PADDING_SYMMETRIC}},
    {"symmetric_odd", 37, 65, 10, {.batch_norm = true, .padding = PADDING_SYMMETRIC, .head_units = 64}},
    {"deep", 32, 40, 5, {.batch_norm = true, .alpha = 0.35, .depth = 2.5, .padding = PADDING_SYMMETRIC}},
    {"fixed_ends", 41, 41, 5, {.batch_norm = true, .alpha = 0.5, .depth = 1.5, .fixed_ends = true}},
    {"bare", 33, 32, 10, {.alpha = 0.35}},
    {"bare_keras", 35, 48, 10, {.alpha = 0.75, .padding = PADDING_KERAS, .head_units = 20}},
    {"bare_symmetric", 32, 33, 3, {.alpha = 0.5, .padding = PADDING_SYMMETRIC, .depth = 0.5}},
    {"full", 224, 224, MOST_CLASSES, {.batch_norm = true, .padding = PADDING_KERAS}},
    {"full_odd", 193, 224, MOST_CLASSES, {.batch_norm = true, .padding = PADDING_SYMMETRIC}},
};
enum { CASES = sizeof cases / sizeof *cases };

static const char *folder;
static char class_names[MOST_CLASSES][NAME_SIZE];
static const char *classes[MOST_CLASSES];

static int write_all(const random_case *c, const char *kind, const void *bytes, size_t size)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s.%s", folder, c->name, kind);
    FILE *f = fopen(path, "wb");
    const int good = f != NULL && fwrite(bytes, 1, size, f) == size;
    return (f == NULL || fclose(f) == 0) && good ? LS_OK : error_set(LS_EIO, "%s: cannot be written: %m", path);
}

/* The pictures as ONNX has them: a plane for each colour. */
static int write_input(const random_case *c, const real *images)
{
    const size_t pixels = c->height * c->width;
    float *planes = calloc(SAMPLES * 3 * pixels, sizeof *planes);
    if (planes == NULL) {
        return error_set(LS_ENOMEM, "out of memory");
    }
    for (size_t s = 0; s < SAMPLES; s++) {
        for (size_t p = 0; p < pixels; p++) {
            for (size_t k = 0; k < 3; k++) {
                planes[(s * 3 + k) * pixels + p] = (float)images[(s * pixels + p) * 3 + k];
            }
        }
    }
    const int code = write_all(c, "input", planes, SAMPLES * 3 * pixels * sizeof *planes);
    free(planes);
    return code;
}

static int answer(const random_case *c, const random_network *r, pool *threads)
{
    model *net = NULL;
    static real logits[SAMPLES * MOST_CLASSES];
    static double wide[SAMPLES * MOST_CLASSES];
    real *images = random_network_images(r, SAMPLES, 2);
    int code =
        images != NULL ? answers_model(&net, &r->m.spec, r->m.epsilon, threads) : error_set(LS_ENOMEM, "out of memory");
    if (code == LS_OK) {
        code = answers_of(logits, net, &r->m.spec, &r->weights, images, SAMPLES);
    }
    for (size_t i = 0; i < SAMPLES * c->classes; i++) {
        wide[i] = (double)logits[i];
    }
    if (code == LS_OK) {
        code = write_input(c, images);
    }
    if (code == LS_OK) {
        code = write_all(c, "logits", wide, SAMPLES * c->classes * sizeof *wide);
    }
    model_free(net);
    free(images);
    return code;
}

static int export(const random_case *c, const exchange_model *m)
{
    for (int way = 0; way < 4; way++) {
        char path[4096];
        const onnx_options o = {.keep_batch_norm = way % 2 == 1, .softmax = way / 2 == 1};
        if (way % 2 == 1 && !c->options.batch_norm) {
            continue;
        }
        (void)snprintf(path, sizeof path, "%s/%s%s%s.onnx", folder, c->name, o.keep_batch_norm ? "-kept" : "",
                       o.softmax ? "-softmax" : "");
        const int code = export_onnx(path, m, &o);
        if (code != LS_OK) {
            return code;
        }
        (void)printf("%s %s %zu %zu %zu %s\n", path, c->name, c->height, c->width, c->classes,
                     o.softmax ? "probabilities" : "logits");
    }
    return LS_OK;
}

static int make(const random_case *c, pool *threads)
{
    random_network r;
    int code = random_network_make(&r, c->height, c->width, c->classes, c->options);
    r.m.classes = classes;
    r.m.program = "lockstep 0.0";
    memcpy(r.m.mean, (const double[]){0.485, 0.456, 0.406}, sizeof r.m.mean);
    memcpy(r.m.deviation, (const double[]){0.229, 0.224, 0.225}, sizeof r.m.deviation);
    if (code == LS_OK) {
        code = answer(c, &r, threads);
    }
    if (code == LS_OK) {
        code = export(c, &r.m);
    }
    random_network_release(&r);
    return code;
}

int main(int argc, char **argv)
{
    pool *threads = NULL;
    if (argc != 2) {
        (void)fputs("usage: random_onnx FOLDER\n", stderr);
        return 2;
    }
    folder = argv[1];
    for (size_t i = 0; i < MOST_CLASSES; i++) {
        (void)snprintf(class_names[i], sizeof class_names[i], "class \"%zu\"", i);
        classes[i] = class_names[i];
    }
    int code = pool_create(&threads, 1);
    for (size_t i = 0; code == LS_OK && i < CASES; i++) {
        code = make(&cases[i], threads);
    }
    pool_free(threads);
    if (code != LS_OK) {
        (void)fprintf(stderr, "random_onnx: %s\n", error_message());
    }
    return code == LS_OK ? 0 : 1;
}
