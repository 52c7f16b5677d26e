#include "exchange/histogram.h"

#include <math.h>
#include <string.h>

enum { LEAST_EXPONENT = -20 };

/* The bins of a limit twice as far. */
static void widen(value_histogram *h)
{
    uint64_t wider[VALUE_BINS] = {0};
    for (int i = 0; i < VALUE_BINS; i++) {
        wider[VALUE_BINS / 4 + i / 2] += h->bins[i];
    }
    memcpy(h->bins, wider, sizeof wider);
    h->limit *= 2;
    h->scale /= 2;
}

void value_histogram_grow(value_histogram *h, double value)
{
    if (!isfinite(value)) {
        h->strange = 1;
        return;
    }
    if (h->limit == 0) {
        h->limit = ldexp(1, LEAST_EXPONENT);
        h->scale = 0.5 * VALUE_BINS / h->limit;
    }
    while (!(value < h->limit && value >= -h->limit)) {
        widen(h);
    }
}

void value_histogram_merge(value_histogram *into, const value_histogram *h)
{
    value_histogram other = *h;
    into->strange |= h->strange;
    if (h->limit == 0) {
        return;
    }
    if (into->limit == 0) {
        other.strange = into->strange;
        *into = other;
        return;
    }
    while (into->limit < other.limit) {
        widen(into);
    }
    while (other.limit < into->limit) {
        widen(&other);
    }
    for (int i = 0; i < VALUE_BINS; i++) {
        into->bins[i] += other.bins[i];
    }
    into->least = fmin(into->least, other.least);
    into->most = fmax(into->most, other.most);
}

static double edge(const value_histogram *h, int bin)
{
    return (bin * (2.0 / VALUE_BINS) - 1) * h->limit;
}

void value_histogram_share(const value_histogram *h, double share, double *least, double *most)
{
    uint64_t all = 0;
    uint64_t below = 0;
    uint64_t above = 0;
    int first = 0;
    int last = VALUE_BINS - 1;
    for (int i = 0; i < VALUE_BINS; i++) {
        all += h->bins[i];
    }
    const double cut = (1 - share) / 2 * (double)all;
    while (first < last && (double)(below + h->bins[first]) <= cut) {
        below += h->bins[first++];
    }
    while (last > first && (double)(above + h->bins[last]) <= cut) {
        above += h->bins[last--];
    }
    *least = fmin(fmax(edge(h, first), h->least), 0);
    *most = fmax(fmin(edge(h, last + 1), h->most), 0);
}

/* As if all values of a bin were in its middle; but where 0 is, most are 0, which is exact. */
static double error_of(const value_histogram *h, double least, double most)
{
    const double step = (most - least) / 255;
    double sum = 0;
    for (int i = 0; i < VALUE_BINS; i++) {
        const double value = (edge(h, i) + edge(h, i + 1)) / 2;
        const double beyond = value > most ? value - most : value < least ? least - value : 0;
        if (h->bins[i] > 0 && i != VALUE_BINS / 2) {
            sum += (double)h->bins[i] * (beyond > 0 ? beyond * beyond : step * step / 12);
        }
    }
    return sum;
}

void value_histogram_fit(const value_histogram *h, double *least, double *most)
{
    enum { TRIES = 32 };
    double best = INFINITY;
    *least = h->least;
    *most = h->most;
    for (int i = 0; i < TRIES && h->most > h->least; i++) {
        for (int k = 0; k < TRIES; k++) {
            const double low = h->least * (TRIES - i) / TRIES;
            const double high = h->most * (TRIES - k) / TRIES;
            const double sum = high > low ? error_of(h, low, high) : INFINITY;
            if (sum < best) {
                best = sum;
                *least = low;
                *most = high;
            }
        }
    }
}
