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

#include "answers.h"

#include "base/pool.h"
#include "exchange/export.h"
#include "exchange/import.h"

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
    l->facts.spec.height = height;
    l->facts.spec.width = width;
    network_spec spec = l->facts.spec;
    spec.classes = spec.classes == 0 ? 2 : spec.classes;
    code = answers_model(&l->net, &spec, f->epsilon, l->threads);
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

static int compute(loaded *l, const char *in, const char *out)
{
    const network_spec *spec = &l->facts.spec;
    real *pictures = NULL;
    real *logits = NULL;
    size_t numbers = 0;
    int code = answers_read(&pictures, &numbers, in);
    const size_t n = numbers / (spec->height * spec->width * 3);
    if (code == LS_OK) {
        logits = calloc(n * spec->classes + 1, sizeof *logits);
        code = logits != NULL ? answers_of(logits, l->net, spec, &l->weights, pictures, n)
                              : error_set(LS_ENOMEM, "out of memory");
    }
    if (code == LS_OK) {
        code = answers_write(out, logits, n * spec->classes);
    }
    free(logits);
    free(pictures);
    return code;
}

static exchange_model model_of(const loaded *l)
{
    exchange_model m = {.spec = l->facts.spec,
                        .epsilon = l->facts.epsilon,
                        .momentum = l->facts.momentum,
                        .weights = &l->weights,
                        .program = "lockstep test"};
    memcpy(m.mean, l->facts.mean, sizeof m.mean);
    memcpy(m.deviation, l->facts.deviation, sizeof m.deviation);
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
        code = code == LS_OK ? compute(&l, argv[4], argv[5]) : code;
    } else if (argc >= 4 && strcmp(argv[1], "safetensors") == 0) {
        code = load(&l, argv[2], height, width, argv[4]);
        const exchange_model m = model_of(&l);
        code = code == LS_OK ? export_safetensors(argv[3], &m) : code;
    } else if (argc >= 5 && strcmp(argv[1], "keras") == 0 && sscanf(argv[4], "%zux%zu", &height, &width) == 2) {
        code = load(&l, argv[2], height, width, argv[5]);
        const exchange_model m = model_of(&l);
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
