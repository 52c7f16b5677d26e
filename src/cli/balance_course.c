#include "cli/balance_course.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "base/sort.h"
#include "instrument/balance.h"

/* A figure of each layer, in order of size: [layers]. */
typedef struct course {
    const series *s;
    balance *layers; /* owned; [layers], of a row */
    double *sorted;  /* owned; [layers] */
} course;

typedef double (*figure)(const balance *b);

static double norm_of(const balance *b)
{
    return b->norm;
}

static double angle_of(const balance *b)
{
    return b->angle;
}

static double ratio_of(const balance *b)
{
    return b->ratio;
}

static double effective_of(const balance *b)
{
    return b->effective_rate;
}

static double turned_of(const balance *b)
{
    return b->turned;
}

/* The figure that this share of the layers is below. */
static double layer_at(course *c, figure of, double share)
{
    const size_t layers = c->s->layers;
    for (size_t i = 0; i < layers; i++) {
        c->sorted[i] = of(&c->layers[i]);
    }
    sort_numbers(c->sorted, layers);
    return c->sorted[(size_t)(share * (double)(layers - 1) + 0.5)];
}

/* Of measurements [first, last). */
static void print_row(course *c, size_t first, size_t last, const optimizer_options *o)
{
    const series *s = c->s;
    const uint64_t from = s->steps[first];
    const uint64_t to = s->steps[last - 1];
    double rate = 0;
    for (size_t i = 0; i < s->layers; i++) {
        c->layers[i] = balance_of(s, i, from, to, o);
    }
    for (size_t i = first; i < last; i++) {
        rate += s->rates[i] / (double)(last - first);
    }
    const balance *any = &c->layers[0];
    log_info("  %8llu..%-8llu  %9.3g  %9.4f  %9.2e %9.2e  %9.2e..%-9.2e  %9.2e %9.2e  %9.2e  %6.3f",
             (unsigned long long)from, (unsigned long long)to, rate, layer_at(c, norm_of, 0.5),
             layer_at(c, angle_of, 0.5), any->angle_predicted, layer_at(c, angle_of, 0.05), layer_at(c, angle_of, 0.95),
             layer_at(c, ratio_of, 0.5), any->ratio_predicted, layer_at(c, effective_of, 0.5),
             layer_at(c, turned_of, 0.5));
}

static int print_rows(course *c, uint64_t from, uint64_t to, const optimizer_options *o, size_t rows)
{
    const series *s = c->s;
    size_t first = 0;
    while (first < s->count && s->steps[first] < from) {
        first++;
    }
    size_t count = 0;
    while (first + count < s->count && s->steps[first + count] <= to) {
        count++;
    }
    if (count < rows) {
        return error_set(LS_EUSAGE, "there are %zu measurements of steps %llu to %llu, too few for %zu rows", count,
                         (unsigned long long)from, (unsigned long long)to, rows);
    }
    log_info("  %-18s  %9s  %9s  %9s %9s  %-20s  %9s %9s  %9s  %6s", "steps", "rate", "|w|", "angle", "angle*",
             "5% to 95% of layers", "|g|/|w|", "*", "rate/w2", "turned");
    for (size_t i = 0; i < rows; i++) {
        print_row(c, first + i * count / rows, first + (i + 1) * count / rows, o);
    }
    return LS_OK;
}

int balance_course_print(const series *s, uint64_t from, uint64_t to, const optimizer_options *o, size_t rows)
{
    course c = {.s = s};
    c.layers = calloc(s->layers + 1, sizeof *c.layers);
    c.sorted = calloc(s->layers + 1, sizeof *c.sorted);
    const int code = c.layers == NULL || c.sorted == NULL
                         ? error_set(LS_ENOMEM, "out of memory for %zu layers", s->layers)
                         : print_rows(&c, from, to, o, rows);
    free(c.layers);
    free(c.sorted);
    return code;
}
