#include "verify/golden_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "io/named.h"

enum { NAME_SIZE = 256, MOST = 1 << 16 };

static int whole(const golden_file *g, const char *attribute, size_t *out)
{
    int64_t value = 0;
    const int code = h5_read_attr(g->f, "/", attribute, H5_INT64, &value);
    if (code == LS_OK && (value < 1 || value > MOST)) {
        return error_set(LS_EFORMAT, "%s: attribute %s is %lld, not in 1..%d", h5_path(g->f), attribute,
                         (long long)value, MOST);
    }
    *out = (size_t)value;
    return code;
}

static int read_experiment(golden_file *g)
{
    char *experiment = NULL;
    int code = h5_read_attr_string(g->f, "/", "experiment", &experiment);
    if (code != LS_OK) {
        return code;
    }
    const int l2 = strcmp(experiment, "l2") == 0 || strcmp(experiment, "bn_l2") == 0;
    g->batch_norm = strcmp(experiment, "l2") != 0;
    if (!l2 && strcmp(experiment, "bn") != 0) {
        code = error_set(LS_EFORMAT, "%s: experiment '%s' is none of bn, l2, bn_l2", h5_path(g->f), experiment);
    }
    free(experiment);
    return code == LS_OK && l2 ? h5_read_attr(g->f, "/", "l2_c", H5_FLOAT64, &g->l2) : code;
}

static int read_sizes(golden_file *g)
{
    const struct {
        const char *name;
        size_t *into;
    } sizes[] = {{"height", &g->height},
                 {"width", &g->width},
                 {"classes", &g->classes},
                 {g->data_parallel ? "n_batches" : "n_steps", &g->batches}};
    int code = LS_OK;
    for (size_t i = 0; code == LS_OK && i < sizeof sizes / sizeof sizes[0]; i++) {
        code = whole(g, sizes[i].name, sizes[i].into);
    }
    return code;
}

static int read_reals(golden_file *g)
{
    const struct {
        const char *name;
        double *into;
        int optional;
    } reals[] = {{"learning_rate", &g->learning_rate, 0},
                 {"bn_momentum", &g->momentum, 0},
                 {"bn_epsilon", &g->epsilon, 0},
                 {"alpha", &g->alpha, 1}};
    int code = LS_OK;
    for (size_t i = 0; code == LS_OK && i < sizeof reals / sizeof reals[0]; i++) {
        if (!reals[i].optional || h5_attr_exists(g->f, "/", reals[i].name)) {
            code = h5_read_attr(g->f, "/", reals[i].name, H5_FLOAT64, reals[i].into);
        }
    }
    return code;
}

static int read_header(golden_file *g)
{
    if (!h5_exists(g->f, "init") || !h5_attr_exists(g->f, "/", "experiment")) {
        return error_set(LS_EFORMAT, "%s: not a file of reference results: it has no /init or no experiment",
                         h5_path(g->f));
    }
    g->data_parallel = h5_exists(g->f, "expect_f64_batch0");
    g->has_f64 = g->data_parallel || h5_exists(g->f, "expect_f64");
    int code = read_experiment(g);
    if (code == LS_OK) {
        code = read_sizes(g);
    }
    if (code == LS_OK) {
        code = read_reals(g);
    }
    return code == LS_OK ? h5_read_strings(g->f, "var_names", &g->names, &g->variables) : code;
}

int golden_file_open(golden_file *out, const char *path)
{
    *out = (golden_file){0};
    int code = named_check(path);
    if (code == LS_OK) {
        code = h5_open_packed(&out->f, path);
    }
    if (code == LS_OK) {
        code = read_header(out);
        code = code == LS_ENOTFOUND ? LS_EFORMAT : code; /* the file is there, something in it is not */
    }
    return code;
}

void golden_file_close(golden_file *g)
{
    free(g->names);
    (void)h5_close(g->f);
    *g = (golden_file){0};
}

int golden_file_init(const golden_file *g, state *out)
{
    const tensor_table *t = out->table;
    char name[NAME_SIZE];
    int code = LS_OK;
    if (g->variables != t->count) {
        return error_set(LS_EFORMAT, "%s: %zu variables where this network has %zu", h5_path(g->f), g->variables,
                         t->count);
    }
    for (size_t i = 0; code == LS_OK && i < t->count; i++) {
        const tensor_info *info = &t->tensors[i];
        (void)snprintf(name, sizeof name, "init/%s", g->names[i]);
        code = h5_read(g->f, name, H5_REAL, info->size, state_values(out, info));
    }
    return code;
}

int golden_file_batch(const golden_file *g, size_t k, real **images, int32_t **labels, size_t *samples)
{
    char name[NAME_SIZE];
    h5_shape shape;
    *images = NULL;
    *labels = NULL;
    (void)snprintf(name, sizeof name, "batch%zu/x", k);
    int code = h5_stat(g->f, name, &shape);
    if (code != LS_OK) {
        return code;
    }
    if (shape.rank != 4 || shape.dims[0] == 0 || shape.dims[0] > MOST || shape.dims[1] != g->height ||
        shape.dims[2] != g->width || shape.dims[3] != 3) {
        return error_set(LS_EFORMAT, "%s: %s: not [samples][%zu][%zu][3]", h5_path(g->f), name, g->height, g->width);
    }
    *samples = shape.dims[0];
    *images = calloc(shape.size, sizeof **images);
    *labels = calloc(*samples, sizeof **labels);
    if (*images == NULL || *labels == NULL) {
        return error_set(LS_ENOMEM, "%s: out of memory for a batch", h5_path(g->f));
    }
    code = h5_read(g->f, name, H5_REAL, shape.size, *images);
    (void)snprintf(name, sizeof name, "batch%zu/y", k);
    if (code == LS_OK) {
        code = h5_read(g->f, name, H5_INT32, *samples, *labels);
    }
    for (size_t i = 0; code == LS_OK && i < *samples; i++) {
        if ((*labels)[i] < 0 || (size_t)(*labels)[i] >= g->classes) {
            code = error_set(LS_EFORMAT, "%s: %s: label %d is not a class", h5_path(g->f), name, (int)(*labels)[i]);
        }
    }
    return code;
}

/* An array of elements of `width` bytes; *out freed by the caller. */
static int read_array(const golden_file *g, const char *name, h5_type type, size_t width, void **out, h5_shape *shape)
{
    size_t bytes = 0;
    *out = NULL;
    int code = h5_stat(g->f, name, shape);
    if (code != LS_OK) {
        return code;
    }
    *out = size_mul(&bytes, shape->size, width) == 0 ? malloc(bytes + 1) : NULL;
    if (*out == NULL) {
        return error_set(LS_ENOMEM, "%s: %s: out of memory", h5_path(g->f), name);
    }
    code = h5_read(g->f, name, type, shape->size, *out);
    if (code != LS_OK) {
        free(*out);
        *out = NULL;
    }
    return code;
}

int golden_file_array(const golden_file *g, const char *name, double **out, h5_shape *shape)
{
    void *values = NULL;
    const int code = read_array(g, name, H5_FLOAT64, sizeof **out, &values, shape);
    *out = values;
    return code;
}

int golden_file_values(const golden_file *g, const char *name, size_t n, double **out)
{
    h5_shape shape;
    const int code = golden_file_array(g, name, out, &shape);
    return code != LS_OK || shape.size == n ? code
                                            : error_set(LS_EFORMAT, "%s: %s: %zu values where %zu were expected",
                                                        h5_path(g->f), name, shape.size, n);
}

int golden_file_places(const golden_file *g, size_t variable, int32_t **out, size_t *count)
{
    char name[NAME_SIZE];
    void *places = NULL;
    h5_shape shape = {0};
    (void)snprintf(name, sizeof name, "sample_index/%s", g->names[variable]);
    const int code = h5_exists(g->f, name) ? read_array(g, name, H5_INT32, sizeof **out, &places, &shape) : LS_OK;
    *out = places;
    *count = shape.size;
    return code;
}
