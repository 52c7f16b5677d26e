#include "exchange/histogram.h"

#include <math.h>
#include <string.h>

enum { LEAST_EXPONENT = -20, CHUNK = 512 };

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

static void reach(value_histogram *h, double value)
{
    if (h->limit == 0) {
        h->limit = ldexp(1, LEAST_EXPONENT);
        h->scale = 0.5 * VALUE_BINS / h->limit;
    }
    while (!(value < h->limit && value >= -h->limit)) {
        widen(h);
    }
}

/* Of values and 0, in lanes, as one minimum after the other takes four cycles a value. */
static void extremes(const real *values, size_t n, real *least, real *most)
{
    enum { LANES = 16 };
    real low[LANES] = {0};
    real high[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (size_t k = 0; k < LANES; k++) {
            low[k] = values[i + k] < low[k] ? values[i + k] : low[k];
            high[k] = values[i + k] > high[k] ? values[i + k] : high[k];
        }
    }
    for (size_t k = 0; i < n; i++, k++) {
        low[k] = values[i] < low[k] ? values[i] : low[k];
        high[k] = values[i] > high[k] ? values[i] : high[k];
    }
    *least = *most = 0;
    for (size_t k = 0; k < LANES; k++) {
        *least = low[k] < *least ? low[k] : *least;
        *most = high[k] > *most ? high[k] : *most;
    }
}

/* Finite values. Each step is one loop, which compilers vectorize. */
static void add_chunk(value_histogram *h, const real *values, size_t n)
{
    int bins[CHUNK];
    real least = 0;
    real most = 0;
    extremes(values, n, &least, &most);
    reach(h, (double)least);
    reach(h, (double)most);
    h->least = fmin(h->least, (double)least);
    h->most = fmax(h->most, (double)most);
    const real scale = (real)h->scale;
    for (size_t i = 0; i < n; i++) {
        const real at = values[i] * scale; /* exact, so that floor tells the bin whatever the limit was at first */
        const int whole = (int)at;
        bins[i] = VALUE_BINS / 2 + whole - ((real)whole > at);
    }
    for (size_t i = 0; i < n; i++) {
        h->bins[bins[i]]++;
    }
}

static int all_finite(const real *values, size_t n)
{
    int strange = 0;
    for (size_t i = 0; i < n; i++) {
        strange |= !(values[i] - values[i] == 0);
    }
    return !strange;
}

void value_histogram_add(value_histogram *h, const real *values, size_t n)
{
    for (size_t done = 0; done < n; done += CHUNK) {
        const size_t count = n - done < CHUNK ? n - done : CHUNK;
        if (all_finite(values + done, count)) {
            add_chunk(h, values + done, count);
            continue;
        }
        h->strange = 1;
        for (size_t i = done; i < done + count; i++) {
            if (isfinite(values[i])) {
                add_chunk(h, values + i, 1);
            }
        }
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

/* What is cut off beyond `at`: how many values, and their squared error, as if all of a bin were in its middle. */
typedef struct tail {
    double count, error;
} tail;

static tail tail_beyond(const value_histogram *h, double at)
{
    tail t = {0, 0};
    for (int i = 0; i < VALUE_BINS; i++) {
        const double value = (edge(h, i) + edge(h, i + 1)) / 2;
        if (i != VALUE_BINS / 2 && (at < 0 ? value < at : value > at)) {
            t.count += (double)h->bins[i];
            t.error += (double)h->bins[i] * (value - at) * (value - at);
        }
    }
    return t;
}

void value_histogram_fit(const value_histogram *h, double *least, double *most)
{
    enum { TRIES = 32 };
    tail below[TRIES];
    tail above[TRIES];
    double all = 0;
    for (int i = 0; i < VALUE_BINS; i++) {
        all += i == VALUE_BINS / 2 ? 0 : (double)h->bins[i]; /* where 0 is, most are 0, which is exact */
    }
    for (int i = 0; i < TRIES; i++) {
        below[i] = h->least < 0 ? tail_beyond(h, h->least * (TRIES - i) / TRIES) : (tail){0, 0};
        above[i] = h->most > 0 ? tail_beyond(h, h->most * (TRIES - i) / TRIES) : (tail){0, 0};
    }
    double best = INFINITY;
    const double lowest = h->least;
    const double highest = h->most;
    *least = lowest;
    *most = highest;
    for (int i = 0; i < TRIES && highest > lowest; i++) {
        for (int k = 0; k < TRIES; k++) {
            const double low = lowest * (TRIES - i) / TRIES;
            const double high = highest * (TRIES - k) / TRIES;
            const double step = (high - low) / 255;
            const double inside = all - below[i].count - above[k].count;
            const double sum = below[i].error + above[k].error + inside * step * step / 12;
            if (sum < best) {
                best = sum;
                *least = low;
                *most = high;
            }
        }
    }
}
