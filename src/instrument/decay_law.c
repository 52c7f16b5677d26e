#include "instrument/decay_law.h"

#include <math.h>

#include "instrument/theory.h"

double decay_law_factor(const optimizer_options *o, const rate_run *run, uint64_t from, uint64_t to)
{
    const uint64_t each = o->accumulate > 1 ? o->accumulate : 1;
    double factor = 1;
    for (uint64_t step = from; step < to; step++) {
        const theory t = theory_of(o, rate_at(o, run, step).rate, 1);
        if (!t.known) {
            return NAN;
        }
        factor *= (step + 1) % each == 0 ? 1 - t.shrink : 1;
    }
    return factor;
}
