#include "train/step_times.h"

#include "base/clock.h"

/* What interrupts the phases and is taken out of them. */
static double apart(const step_times *t)
{
    return t->seconds[STEP_WAITING] + t->seconds[STEP_REDUCTION];
}

void step_times_start(step_times *t)
{
    if (t != NULL) {
        t->mark = clock_seconds();
        t->apart = apart(t);
    }
}

void step_times_lap(step_times *t, step_phase phase)
{
    if (t != NULL) {
        const double now = clock_seconds();
        t->seconds[phase] += now - t->mark - (apart(t) - t->apart);
        t->mark = now;
        t->apart = apart(t);
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

static int timed_ready(void *context, size_t first)
{
    const step_timed_sink *timed = context;
    const double begin = clock_seconds();
    const int code = timed->sink.ready(timed->sink.context, first);
    timed->times->seconds[STEP_REDUCTION] += clock_seconds() - begin;
    return code;
}

gradient_sink step_times_sink(step_timed_sink *context, step_times *t, gradient_sink sink)
{
    *context = (step_timed_sink){sink, t};
    return t == NULL ? sink : (gradient_sink){timed_ready, context};
}
