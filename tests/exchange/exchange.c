/*
 * For check_frameworks: what the network in a file computes, and the same network in another file.
 *
 *   exchange logits FILE HEIGHTxWIDTH IN OUT [AS]   IN, OUT: raw float32, pictures as the network sees them, logits
 *   exchange safetensors FILE OUT [AS]
 *   exchange keras FILE OUT HEIGHTxWIDTH [AS]
 *
 * Each prints what the file says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pool.h"
#include "exchange/export.h"
#include "exchange/import.h"
#include "model/model.h"

typedef struct loaded {
    importer *from;
    import_facts facts;
    pool *threads;
    model *net;
    state weights;
} loaded;

static int load(loaded *l, const char *path, size_t height, size_t width, const char *as)
{
    bool head_left = false;
    int code = import_open(&l->from, path, as);
    if (code == LS_OK) {
        code = pool_create(&l->threads, 2);
    }
    if (code != LS_OK) {
        return code;
    }
    l->facts = *import_facts_of(l->from);
    const import_facts *f = &l->facts;
    printf(
        "%s: %s, width %g, depth %g, fixed_ends %d, classes %zu, hidden %zu, input %zux%zu, epsilon %g, momentum %g, "
        "mean %g, deviation %g%s%s%s%s\n",
        path, f->convention, f->spec.options.alpha, f->spec.options.depth, f->spec.options.fixed_ends, f->spec.classes,
        f->spec.options.head_units, f->spec.height, f->spec.width, f->epsilon, f->momentum, f->mean[0], f->deviation[0],
        f->head_problem != NULL ? ", no head: " : "", f->head_problem != NULL ? f->head_problem : "",
        *f->passed_over != '\0' ? ", passed over: " : "", f->passed_over);
    const model_options m = {
        .height = height,
        .width = width,
        .classes = f->spec.classes == 0 ? 2 : f->spec.classes,
        .network = f->spec.options,
        .norm = {.momentum = f->momentum, .epsilon = f->epsilon},
        .shard_size = 1,
        .max_shards = 1,
    };
    code = model_create(&l->net, &m, l->threads);
    if (code == LS_OK) {
        code = state_create(&l->weights, model_table(l->net), NULL, 0);
    }
    return code == LS_OK ? import_read(l->from, &l->weights, &head_left) : code;
}

static void unload(loaded *l)
{
    state_release(&l->weights);
    model_free(l->net);
    pool_free(l->threads);
    import_close(l->from);
}

static int compute(loaded *l, size_t height, size_t width, const char *in, const char *out)
{
    const size_t n = height * width * 3;
    const size_t classes = l->facts.spec.classes;
    float *raw = calloc(n, sizeof *raw);
    real *picture = calloc(n, sizeof *picture);
    real *logits = calloc(classes + 1, sizeof *logits);
    FILE *from = fopen(in, "rb");
    FILE *to = fopen(out, "wb");
    const batch b = {.images = picture, .range = shard_range_of(1, 1, 0, 1)};
    int code = raw == NULL || picture == NULL || logits == NULL || from == NULL || to == NULL
                   ? error_set(LS_EIO, "%s, %s: cannot be opened", in, out)
                   : LS_OK;
    while (code == LS_OK && fread(raw, sizeof *raw, n, from) == n) {
        for (size_t i = 0; i < n; i++) {
            picture[i] = (real)raw[i];
        }
        code = model_forward(l->net, &l->weights, &b, MODEL_INFER, NULL, logits);
        for (size_t i = 0; code == LS_OK && i < classes; i++) {
            const float value = (float)logits[i];
            (void)fwrite(&value, sizeof value, 1, to);
        }
    }
    if (from != NULL) {
        (void)fclose(from);
    }
    if (to != NULL && fclose(to) != 0) {
        code = error_set(LS_EIO, "%s: cannot be written", out);
    }
    free(logits);
    free(picture);
    free(raw);
    return code;
}

static exchange_model model_of(const loaded *l, size_t height, size_t width)
{
    exchange_model m = {.spec = l->facts.spec,
                        .epsilon = l->facts.epsilon,
                        .momentum = l->facts.momentum,
                        .weights = &l->weights,
                        .program = "lockstep test"};
    memcpy(m.mean, l->facts.mean, sizeof m.mean);
    memcpy(m.deviation, l->facts.deviation, sizeof m.deviation);
    m.spec.height = height;
    m.spec.width = width;
    return m;
}

static int run(int argc, char **argv)
{
    loaded l = {0};
    size_t height = 224;
    size_t width = 224;
    int code = LS_EUSAGE;
    if (argc >= 6 && strcmp(argv[1], "logits") == 0 && sscanf(argv[3], "%zux%zu", &height, &width) == 2) {
        code = load(&l, argv[2], height, width, argv[6]);
        code = code == LS_OK ? compute(&l, height, width, argv[4], argv[5]) : code;
    } else if (argc >= 4 && strcmp(argv[1], "safetensors") == 0) {
        code = load(&l, argv[2], height, width, argv[4]);
        const exchange_model m = model_of(&l, height, width);
        code = code == LS_OK ? export_safetensors(argv[3], &m) : code;
    } else if (argc >= 5 && strcmp(argv[1], "keras") == 0 && sscanf(argv[4], "%zux%zu", &height, &width) == 2) {
        code = load(&l, argv[2], height, width, argv[5]);
        const exchange_model m = model_of(&l, height, width);
        code = code == LS_OK ? export_keras(argv[3], &m) : code;
    } else {
        (void)error_set(LS_EUSAGE, "usage: see the head of exchange.c");
    }
    unload(&l);
    return code;
}

int main(int argc, char **argv)
{
    const int code = run(argc, argv);
    if (code != LS_OK) {
        (void)fprintf(stderr, "exchange: %s\n", error_message());
    }
    return code == LS_OK ? 0 : 1;
}
