#include "verify/golden_compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/sort.h"

/* Columns of a statistics table. */
enum { STATS_NORM = 1, STATS_CHECKSUM = 3, STATS_DEVIATION = 4, NAME_SIZE = 256, ROLES = TENSOR_DENSE_BIAS + 1 };

/* A reference below this share of the largest of its kind is rounding noise around zero. */
static const double NOISE_F64 = 1e-9;
static const double NOISE_F32 = 1e-5;

static void keep(golden_worst *out, const char *tensor, double error, double ratio)
{
    out->tensors++;
    if (!(error <= out->error)) { /* so that NaN counts as the worst */
        out->error = isnan(error) ? INFINITY : error;
        (void)snprintf(out->tensor, sizeof out->tensor, "%s", tensor);
    }
    if (!(ratio <= out->ratio)) {
        out->ratio = isnan(ratio) ? INFINITY : ratio;
        (void)snprintf(out->ratio_tensor, sizeof out->ratio_tensor, "%s", tensor);
    }
    out->over += ratio > GOLDEN_OVER;
    if (ratio > 0 && out->ratio_count < GOLDEN_TENSORS) {
        out->ratios[out->ratio_count++] = ratio;
    }
    if (out->error_count < GOLDEN_TENSORS) {
        out->errors[out->error_count++] = isnan(error) ? INFINITY : error;
    }
}

static double median(double *values, size_t n)
{
    if (n == 0) {
        return 0;
    }
    sort_numbers(values, n);
    return values[n / 2];
}

double golden_median_ratio(golden_worst *w)
{
    return median(w->ratios, w->ratio_count);
}

double golden_median_error(golden_worst *w)
{
    return median(w->errors, w->error_count);
}

static double distance(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return sqrt(sum);
}

static double norm(const double *a, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += a[i] * a[i];
    }
    return sqrt(sum);
}

void golden_compare_values(golden_worst *out, const char *tensor, const double *ours, const double *reference,
                           const double *tensorflow, size_t n)
{
    const double away = distance(ours, reference, n);
    const double size = norm(reference, n);
    double ratio = 0;
    if (tensorflow != NULL) {
        const double theirs = distance(tensorflow, reference, n);
        ratio = theirs > 0 ? away / theirs : 0;
    }
    keep(out, tensor, size > 0 ? away / size : away, ratio);
}

/* The position checksum: Σ v[i]·u(i), u(i) in [-0.5, 0.5). */
static double checksum(const real *values, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const uint32_t hash = (uint32_t)(i * UINT64_C(2654435761));
        sum += (double)values[i] * ((double)hash / 4294967296.0 - 0.5);
    }
    return sum;
}

static double whole_norm(const real *values, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)values[i] * (double)values[i];
    }
    return sqrt(sum);
}

/* What comparing a set needs besides the set. */
typedef struct comparison {
    const golden_file *g;
    const golden_set *set;
    const tensor_table *t;
    double *stats;      /* [variables][columns] of the reference; owned */
    double *deviations; /* [variables][columns]; owned, NULL: unknown */
    size_t columns, deviation_columns;
    double largest[ROLES]; /* norm of a tensor, by role; for gradients the same for all roles */
    double noise;
} comparison;

static int read_stats(const comparison *c, const char *group, double **out, size_t *columns)
{
    char name[NAME_SIZE];
    h5_shape shape;
    (void)snprintf(name, sizeof name, "%s/stats_%s", group, c->set->name);
    const int code = golden_file_array(c->g, name, out, &shape);
    if (code != LS_OK) {
        return code;
    }
    if (shape.rank != 2 || shape.dims[0] != c->t->count || shape.dims[1] <= STATS_CHECKSUM) {
        return error_set(LS_EFORMAT, "%s: %s: not a row for each of %zu variables", h5_path(c->g->f), name,
                         c->t->count);
    }
    *columns = shape.dims[1];
    return LS_OK;
}

static void find_largest(comparison *c)
{
    const int gradients = strncmp(c->set->name, "grad", 4) == 0 || strstr(c->set->name, "_grad_") != NULL;
    double all = 0;
    for (size_t i = 0; i < c->t->count; i++) {
        const double size = c->stats[i * c->columns + STATS_NORM];
        const tensor_role role = c->t->tensors[i].role;
        c->largest[role] = size > c->largest[role] ? size : c->largest[role];
        all = size > all ? size : all;
    }
    for (int role = 0; gradients && role < ROLES; role++) {
        c->largest[role] = all;
    }
}

/* Our n values at the places that the file holds (NULL: all, in order); freed by the caller. */
static double *pick(const real *values, size_t size, const int32_t *places, size_t n)
{
    double *out = malloc((n + 1) * sizeof *out);
    for (size_t i = 0; out != NULL && i < n; i++) {
        const size_t at = places == NULL ? i : (size_t)places[i];
        out[i] = at < size ? (double)values[at] : NAN;
    }
    return out;
}

static void compare_kept(const comparison *c, golden_worst *out, size_t i, const real *values, const double *ours,
                         const double *expected, size_t n)
{
    const tensor_info *info = &c->t->tensors[i];
    const double *row = c->stats + i * c->columns;
    const double largest = c->largest[info->role];
    /* A sample stands for the whole. */
    const double away = distance(ours, expected, n) * sqrt((double)info->size / (double)n);
    char tensor[2 * TENSOR_NAME_SIZE];
    (void)tensor_full_name(tensor, sizeof tensor, info);
    if (row[STATS_NORM] <= c->noise * largest) {
        keep(out, tensor, largest > 0 ? away / largest : away, 0);
        return;
    }
    const double by_norm = fabs(whole_norm(values, info->size) - row[STATS_NORM]);
    const double by_checksum = fabs(checksum(values, info->size) - row[STATS_CHECKSUM]);
    const double by_whole = by_norm > by_checksum ? by_norm : by_checksum;
    double ratio = 0;
    if (c->deviations != NULL) {
        const double theirs = c->deviations[i * c->deviation_columns + STATS_DEVIATION];
        ratio = theirs > 0 ? away / theirs : 0;
    }
    keep(out, tensor, (by_whole > away ? by_whole : away) / row[STATS_NORM], ratio);
}

static int compare_variable(const comparison *c, golden_worst *out, size_t i, const real *values)
{
    char name[NAME_SIZE];
    const size_t size = c->t->tensors[i].size;
    int32_t *places = NULL;
    double *expected = NULL;
    double *ours = NULL;
    size_t n = 0;
    (void)snprintf(name, sizeof name, "%s/%s/%s", c->set->reference, c->set->name, c->g->names[i]);
    int code = golden_file_places(c->g, i, &places, &n);
    if (code == LS_OK) {
        n = places == NULL ? size : n;
        code = golden_file_values(c->g, name, n, &expected);
    }
    if (code == LS_OK) {
        ours = pick(values, size, places, n);
        code = ours == NULL ? error_set(LS_ENOMEM, "%s: out of memory", name) : LS_OK;
    }
    if (code == LS_OK) {
        compare_kept(c, out, i, values, ours, expected, n);
    }
    free(ours);
    free(expected);
    free(places);
    return code;
}

/* Whether the set holds a variable: its row of statistics is numbers. */
static int holds(const comparison *c, size_t i)
{
    return !isnan(c->stats[i * c->columns + STATS_NORM]);
}

int golden_compare_set(golden_worst *out, const golden_file *g, const golden_set *set, const tensor_table *t,
                       const real *weights, const real *moving)
{
    comparison c = {.g = g, .set = set, .t = t};
    c.noise = strncmp(set->reference, "expect_f64", 10) == 0 ? NOISE_F64 : NOISE_F32;
    int code = read_stats(&c, set->reference, &c.stats, &c.columns);
    if (code == LS_OK && set->tensorflow != NULL) {
        code = read_stats(&c, set->tensorflow, &c.deviations, &c.deviation_columns);
        if (code == LS_OK && c.deviation_columns <= STATS_DEVIATION) {
            code = error_set(LS_EFORMAT, "%s: statistics of %s have no deviations", h5_path(g->f), set->name);
        }
    }
    if (code == LS_OK) {
        find_largest(&c);
    }
    for (size_t i = 0; code == LS_OK && i < t->count; i++) {
        const tensor_info *info = &t->tensors[i];
        if (holds(&c, i) && (info->vector == TENSOR_WEIGHTS || moving != NULL)) {
            code = compare_variable(&c, out, i, (info->vector == TENSOR_WEIGHTS ? weights : moving) + info->offset);
        }
    }
    free(c.stats);
    free(c.deviations);
    return code;
}
