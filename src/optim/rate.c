#include "optim/rate.h"

#include <math.h>

#include "base/elementary.h"

/* Steps or epochs done, as the schedule counts. */
static double position(const rate_options *o, const rate_run *run, uint64_t step)
{
    const uint64_t epoch = run->steps_per_epoch > 0 ? run->steps_per_epoch : 1;
    const uint64_t seen = o->changes == RATE_EPOCHS ? step - step % epoch : step;
    return o->unit == RATE_STEPS ? (double)seen : (double)seen / (double)epoch;
}

/* Half a cosine: 1 at x = 0, 0 at x = 1. */
static double half_cosine(double x)
{
    return 0.5 * (1 + elementary_cos_pi(x));
}

/* From `from` to `to` along half a cosine, x from 0 to 1. */
static double along(double from, double to, double x)
{
    return to + (from - to) * half_cosine(x);
}

/* As PyTorch has it: the highest rate is reached a step before the share of the length, the lowest a step before its
 * end. */
static double one_cycle(const rate_options *o, double at)
{
    const double top = o->rise * o->length - 1;
    const double end = o->length - 1;
    if (at <= top) {
        return along(o->start, 1, top > 0 ? at / top : 1);
    }
    return along(1, o->floor, at < end ? (at - top) / (end - top) : 1);
}

/* Of a number of periods that is whole but for rounding, as 0.3 / 0.1. */
static const double ROUNDING = 1e-9;

/* Share of the learning rate at this position after the warm-up. */
static double schedule(const rate_options *o, double at)
{
    const double x = o->length > 0 && at < o->length ? at / o->length : 1; /* of the length that is done */
    switch (o->schedule) {
    case RATE_STEP: return elementary_pow(o->factor, floor(at / o->every + ROUNDING));
    case RATE_EXPONENTIAL: return elementary_pow(o->factor, at / o->every);
    case RATE_COSINE: return along(1, o->floor, x);
    case RATE_POLYNOMIAL: return o->floor + (1 - o->floor) * elementary_pow(1 - x, o->power);
    case RATE_ONE_CYCLE: return one_cycle(o, at);
    case RATE_CONSTANT: break;
    }
    return 1;
}

rate_now rate_at(const optimizer_options *o, const rate_run *run, uint64_t step)
{
    const rate_options *r = &o->rate;
    const double at = position(r, run, step);
    const double share =
        at < r->warm_up ? r->warm_up_from + (1 - r->warm_up_from) * (at / r->warm_up) : schedule(r, at - r->warm_up);
    const double top = r->batch > 0 ? o->learning_rate * ((double)run->batch / (double)r->batch) : o->learning_rate;
    return (rate_now){.rate = top * share, .share = share};
}
