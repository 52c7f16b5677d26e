#ifndef LOCKSTEP_TESTS_ANSWERS_H
#define LOCKSTEP_TESTS_ANSWERS_H

/* What Lockstep answers to pictures, for programs that compare it with others; and files of float32. */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "exchange/model.h"
#include "model/model.h"

enum { ANSWERS_AT_ONCE = 16 };

/* A network that only answers. epsilon: BatchNorm's. */
static inline int answers_model(model **out, const network_spec *spec, double epsilon, pool *threads)
{
    model_options o = MODEL_OPTIONS_INIT;
    o.height = spec->height;
    o.width = spec->width;
    o.classes = spec->classes;
    o.network = spec->options;
    o.norm.epsilon = epsilon;
    o.shard_size = 1;
    o.max_shards = ANSWERS_AT_ONCE;
    o.training = 0;
    return model_create(out, &o, threads);
}

/* To n pictures, prepared: logits [n][classes]. */
static inline int answers_of(real *logits, model *net, const network_spec *spec, const state *s, real *images, size_t n)
{
    int code = LS_OK;
    for (size_t i = 0; code == LS_OK && i < n; i += ANSWERS_AT_ONCE) {
        const size_t count = n - i < ANSWERS_AT_ONCE ? n - i : ANSWERS_AT_ONCE;
        const batch b = {.images = images + i * spec->height * spec->width * 3,
                         .range = shard_range_of(count, 1, 0, 1)};
        code = model_forward(net, s, &b, MODEL_INFER, NULL, logits + i * spec->classes);
    }
    return code;
}

/* The n numbers of a file, float32; *out for free(), also after a failure. */
static inline int answers_read(real **out, size_t *n, const char *path)
{
    FILE *from = fopen(path, "rb");
    float *values = NULL;
    const bool sought = from != NULL && fseek(from, 0, SEEK_END) == 0;
    *n = sought ? (size_t)ftell(from) / sizeof *values : 0;
    values = calloc(*n + 1, sizeof *values);
    *out = calloc(*n + 1, sizeof **out);
    const bool there = values != NULL && *out != NULL;
    const bool complete =
        sought && there && fseek(from, 0, SEEK_SET) == 0 && fread(values, sizeof *values, *n, from) == *n;
    for (size_t i = 0; complete && i < *n; i++) {
        (*out)[i] = (real)values[i];
    }
    free(values);
    if (from != NULL) {
        (void)fclose(from);
    }
    return complete ? LS_OK : error_set(LS_EIO, "%s: cannot be read", path);
}

/* Numbers as a file of float32. */
static inline int answers_write(const char *path, const real *values, size_t n)
{
    FILE *to = fopen(path, "wb");
    for (size_t i = 0; to != NULL && i < n; i++) {
        const float value = (float)values[i];
        (void)fwrite(&value, sizeof value, 1, to);
    }
    return to != NULL && fclose(to) == 0 ? LS_OK : error_set(LS_EIO, "%s: cannot be written", path);
}

#endif
