#include "cli/sparkline.h"

#include <math.h>

enum { LEVELS = 8 };

static const char *const blocks[LEVELS] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const signs[LEVELS] = {"_", ".", "-", "~", "=", "+", "*", "#"};

/* Mean of the finite ones in part i of n; NaN: there is none. */
static double mean_of(const double *values, size_t count, size_t i, size_t n)
{
    double sum = 0;
    size_t finite = 0;
    for (size_t k = count * i / n; k < count * (i + 1) / n; k++) {
        if (isfinite(values[k])) {
            sum += values[k];
            finite++;
        }
    }
    return finite == 0 ? NAN : sum / (double)finite;
}

void sparkline_add(text_builder *out, const double *values, size_t count, size_t columns, bool utf8)
{
    const size_t n = count < columns ? count : columns;
    double low = INFINITY;
    double high = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        const double mean = mean_of(values, count, i, n);
        low = fmin(low, mean);
        high = fmax(high, mean);
    }
    for (size_t i = 0; i < n; i++) {
        const double mean = mean_of(values, count, i, n);
        const double share = high > low ? (mean / 2 - low / 2) / (high / 2 - low / 2) : 0;
        const size_t level = isnan(mean) ? 0 : (size_t)(share * (LEVELS - 1) + 0.5);
        text_add(out, "%s", isnan(mean) ? " " : utf8 ? blocks[level] : signs[level]);
    }
}
