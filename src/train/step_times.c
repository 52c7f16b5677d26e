#include "train/step_times.h"

#include "base/clock.h"

void step_times_start(step_times *t)
{
    if (t != NULL) {
        t->mark = clock_seconds();
        t->waiting = t->seconds[STEP_WAITING];
    }
}

void step_times_lap(step_times *t, step_phase phase)
{
    if (t != NULL) {
        const double now = clock_seconds();
        t->seconds[phase] += now - t->mark - (t->seconds[STEP_WAITING] - t->waiting);
        t->mark = now;
        t->waiting = t->seconds[STEP_WAITING];
    }
}

static int timed_sum(void *context, double *out, double *partials, size_t n)
{
    const step_timed_sums *timed = context;
    const double begin = clock_seconds();
    const int code = timed->sums.sum(timed->sums.context, out, partials, n);
    timed->times->seconds[STEP_WAITING] += clock_seconds() - begin;
    return code;
}

reducer step_times_reducer(step_timed_sums *context, step_times *t, reducer sums)
{
    *context = (step_timed_sums){sums, t};
    return t == NULL ? sums : (reducer){timed_sum, context, sums.samples};
}
