#include "instrument/theory.h"

#include <math.h>

/* Mean square of a step over s², where steps overlap: a gradient's push is handed out over the steps after it. */
static double overlap(const optimizer_options *o)
{
    const double m = o->momentum;
    const double k = (1 + m) * (1 + m) * (1 - m * m) + m * m * m * m;
    switch (o->kind) {
    case OPTIMIZER_ADAM:
    case OPTIMIZER_ADAMW: return (1 - o->beta_1) / (1 + o->beta_1);
    default: return (1 - m) / (1 + m) * (o->nesterov ? k : 1);
    }
}

static bool follows_a_law(const optimizer_options *o)
{
    switch (o->kind) {
    case OPTIMIZER_SGD:
    case OPTIMIZER_ADAMW: return true;
    case OPTIMIZER_RMSPROP:
    case OPTIMIZER_ADAM: return o->l2 == 0; /* a decay within the gradient is divided as that is */
    default: return false;
    }
}

theory theory_of(const optimizer_options *o, double rate, double share)
{
    if (!follows_a_law(o)) {
        return (theory){0};
    }
    const bool plain = o->kind == OPTIMIZER_SGD;
    const bool has_mean = o->kind == OPTIMIZER_ADAM || o->kind == OPTIMIZER_ADAMW;
    const double in_all = rate / (has_mean ? 1 : 1 - o->momentum);
    theory t = {.known = true, .power = plain ? 4 : 2};
    t.shrink = in_all * 2 * o->l2 * share + rate * o->decay.decoupled * share;
    t.outward = in_all * in_all;
    t.angle = sqrt(2 * t.shrink * overlap(o));
    t.clock = t.power * t.shrink;
    t.overlap = overlap(o);
    return t;
}

theory theory_at(const optimizer_options *o, const rate_now *now)
{
    const double share = o->decay.follow_rate ? now->share : 1;
    return theory_of(o, now->rate, o->decay.as_rate ? 0 : share);
}

double theory_norm(const theory *t, double force)
{
    if (!(t->shrink > 0)) {
        return INFINITY;
    }
    const double balance = t->outward * force / (2 * t->shrink);
    return t->power == 4 ? sqrt(sqrt(balance)) : sqrt(balance);
}

double theory_angle_at(const theory *t, double force, double norm)
{
    const double square = t->outward * t->overlap * force / (norm * norm);
    return sqrt(t->power == 4 ? square / (norm * norm) : square);
}

double theory_power_after(const theory *t, double force, double from, double steps)
{
    const double growth = 0.5 * t->power * t->outward * force; /* a step */
    if (!(t->clock > 0)) {
        return from + growth * steps;
    }
    const double balance = growth / t->clock;
    return balance + (from - balance) * exp(-t->clock * steps);
}

double theory_gradient_ratio(const theory *t)
{
    return t->power == 4 && t->outward > 0 ? sqrt(2 * t->shrink / t->outward) : 0;
}
