#include "instrument/decay_law.h"

#include <math.h>

#include "instrument/theory.h"
#include "optim/gradient.h"

double decay_law_factor(const optimizer_options *o, const rate_run *run, uint64_t from, uint64_t to)
{
    double factor = 1;
    for (uint64_t step = from; step < to; step++) {
        const theory t = theory_of(o, rate_at(o, run, step).rate, 1);
        if (!t.known) {
            return NAN;
        }
        factor *= gradient_updates_after(o, step) ? 1 - t.shrink : 1;
    }
    return factor;
}
