#include "instrument/filters.h"

#include <math.h>
#include <string.h>

#include "base/clones.h"
#include "base/sort.h"

/* Sums over a filter's weights, each [filters]; w is the weight before, d what the update added, s the run's start. */
typedef struct filter_sums {
    double *ww, *dd, *wd, *gg, *gw, *ss, *sw;
} filter_sums;
enum { SUMS = 7 };

int filters_invariant(const tensor_info *t)
{
    return t->scale_invariant != 0 && tensor_filters(t) > 0;
}

size_t filters_size(const tensor_info *t)
{
    const size_t filters = tensor_filters(t);
    return filters > 0 ? t->size / filters : 0;
}

size_t filters_scratch(size_t filters)
{
    return (SUMS + 1) * filters;
}

/* One weight of each filter: elements that follow each other, from `at` on. */
CLONED static void add_line(const filter_sums *s, const filters_update *u, size_t at, size_t filters)
{
    const real *restrict before = u->before + at;
    const real *restrict after = u->after + at;
    const real *restrict gradient = u->gradient + at;
    const real *restrict start = u->start + at;
    double *restrict ww = s->ww;
    double *restrict dd = s->dd;
    double *restrict wd = s->wd;
    double *restrict gg = s->gg;
    double *restrict gw = s->gw;
    double *restrict ss = s->ss;
    double *restrict sw = s->sw;
    for (size_t i = 0; i < filters; i++) {
        const double w = (double)before[i];
        const double d = (double)after[i] - w;
        const double g = (double)gradient[i];
        const double first = (double)start[i];
        ww[i] += w * w;
        dd[i] += d * d;
        wd[i] += w * d;
        gg[i] += g * g;
        gw[i] += g * w;
        ss[i] += first * first;
        sw[i] += first * w;
    }
}

/* Interpolated as NumPy's percentile does; moves the numbers. */
static double quantile(double *numbers, size_t n, double share)
{
    const double at = share * (double)(n - 1);
    const size_t i = (size_t)at;
    const double rest = at - (double)i;
    sort_place(numbers, n, i);
    if (i + 1 == n) {
        return numbers[i];
    }
    double next = numbers[i + 1];
    for (size_t k = i + 2; k < n; k++) {
        next = numbers[k] < next ? numbers[k] : next;
    }
    return numbers[i] + rest * (next - numbers[i]);
}

/* Most angles and growths of one update are small. Up to this the series below are exact to a part in 10^16. */
static const double small = 1.0 / 32;

/* atan(x), x >= 0. */
static double arc_tangent(double x)
{
    const double q = x * x;
    if (x > small) {
        return atan(x);
    }
    return x * (1 - q * (1.0 / 3 - q * (1.0 / 5 - q * (1.0 / 7 - q * (1.0 / 9 - q / 11)))));
}

/* ln(1 + x): 2·artanh of x/(2 + x). */
static double log_of_growth(double x)
{
    const double r = x / (2 + x);
    const double q = r * r;
    if (!(fabs(x) <= small)) {
        return log1p(x);
    }
    return 2 * r * (1 + q * (1.0 / 3 + q * (1.0 / 5 + q * (1.0 / 7 + q / 9))));
}

/* The part of d at right angles to w over the rest: 2·asin(|u − v|/2) of unit vectors, without a difference of numbers
 * that are nearly equal. */
static double angle_of(double ww, double dd, double wd)
{
    const double norm = sqrt(ww);
    const double along = wd / norm;
    const double beside = sqrt(fmax(dd - along * along, 0));
    const double ahead = norm + along;
    return ahead > 0 ? arc_tangent(beside / ahead) : atan2(beside, ahead);
}

static void add_filter(filters_row *out, const filter_sums *s, size_t i, const filters_update *u)
{
    const double ww = s->ww[i];
    const double gw = s->gw[i] - u->decay * ww;
    const double gg = fmax(s->gg[i] - 2 * u->decay * s->gw[i] + u->decay * u->decay * ww, 0);
    const double angle = angle_of(ww, s->dd[i], s->wd[i]);
    const double cosine = gg > 0 ? gw / sqrt(gg * ww) : 0;
    const double share = u->epsilon / (u->variance[i] + u->epsilon);
    const double gamma = (double)u->gamma[i];
    out->norm += sqrt(ww);
    out->norm2 += ww;
    out->norm4 += ww * ww;
    out->inverse2 += 1 / ww;
    out->angle2 += angle * angle;
    out->growth += 0.5 * log_of_growth((2 * s->wd[i] + s->dd[i]) / ww);
    out->force += gg * ww;
    out->ratio2 += gg / ww;
    out->turned += atan2(sqrt(fmax(s->ss[i] * ww - s->sw[i] * s->sw[i], 0)), s->sw[i]);
    out->radial += gw;
    out->radial_epsilon += share * gamma * ((double)u->gamma_gradient[i] - u->gamma_decay * gamma);
    out->epsilon_share += share;
    out->cosine += cosine;
    out->cosine2 += cosine * cosine;
}

static void divide(filters_row *out, double by)
{
    double *const figures[] = {&out->norm,           &out->norm2,         &out->norm4,  &out->inverse2, &out->angle2,
                               &out->growth,         &out->force,         &out->ratio2, &out->turned,   &out->radial,
                               &out->radial_epsilon, &out->epsilon_share, &out->cosine, &out->cosine2};
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        *figures[i] /= by;
    }
}

void filters_measure(filters_row *out, const tensor_info *t, const filters_update *u, double *scratch)
{
    const size_t filters = tensor_filters(t);
    const size_t lines = filters_size(t);
    const filter_sums s = {
        .ww = scratch,
        .dd = scratch + filters,
        .wd = scratch + 2 * filters,
        .gg = scratch + 3 * filters,
        .gw = scratch + 4 * filters,
        .ss = scratch + 5 * filters,
        .sw = scratch + 6 * filters,
    };
    double *norms = scratch + SUMS * filters;
    size_t counted = 0;
    *out = (filters_row){0};
    memset(scratch, 0, SUMS * filters * sizeof *scratch);
    for (size_t k = 0; k < lines; k++) {
        add_line(&s, u, k * filters, filters);
    }
    for (size_t i = 0; i < filters; i++) {
        if (s.ww[i] > 0) { /* a filter of zeros has no direction */
            add_filter(out, &s, i, u);
            norms[counted++] = sqrt(s.ww[i]);
        }
    }
    if (counted > 0) {
        divide(out, (double)counted);
        out->norm_p5 = quantile(norms, counted, 0.05);
        out->norm_p95 = quantile(norms, counted, 0.95);
    }
}
