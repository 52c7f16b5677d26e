#include "cli/compare.h"

#include <math.h>
#include <string.h>

bool compare_exceeds(double a, double b)
{
    return !isnan(b) && (isnan(a) || a > b);
}

compare_result compare_numbers(const double *a, const double *b, size_t n)
{
    compare_result r = {.numbers = n};
    for (size_t i = 0; i < n; i++) {
        if (memcmp(&a[i], &b[i], sizeof a[i]) == 0) { // NOLINT(bugprone-suspicious-memory-comparison,cert-*): bits
            continue;
        }
        const double difference = fabs(a[i] - b[i]);
        const double larger = fmax(fabs(a[i]), fabs(b[i]));
        const double relative = difference == 0 ? 0 : difference / larger;
        r.differing++;
        r.largest = compare_exceeds(difference, r.largest) ? difference : r.largest;
        r.relative = compare_exceeds(relative, r.relative) ? relative : r.relative;
    }
    return r;
}
