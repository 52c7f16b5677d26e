#include "instrument/verdict.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/sort.h"
#include "instrument/theory.h"
#include "optim/gradient.h"

enum {
    LEAST_POINTS = 8,
    WINDOW_SHARE = 4, /* the last of so many parts of a run are looked at */
    LEAST_JUMPS = 2,
};
static const double near_balance = 0.1; /* of the angle: that much is in it */
static const double least_clock = 1;    /* before a balance is believed */
static const double few_pushes = 0.1;   /* share of the balance's outward push below which gradients vanish */
static const double told_by_clock = 1;  /* a window's time constants in which that is told from a way to the balance */
static const double rounding = 1e-6;    /* radians: what float32 turns weights by that no gradient moves, and more */
static const double jump_size = 3;      /* rise of ln norm, in what decay can take in the same time */

verdict_point verdict_point_of(const filters_row *rows, size_t layers, uint64_t step, const rate_now *now,
                               const optimizer_options *o)
{
    const theory law = theory_at(o, now);
    verdict_point p = {.step = step, .shrink = law.shrink};
    double *values = calloc(layers + 1, sizeof *values);
    if (values == NULL || layers == 0) {
        free(values);
        return p; /* a verdict needs others too */
    }
    for (size_t i = 0; i < layers; i++) {
        values[i] = sqrt(rows[i].angle2);
        p.log_norm += 0.5 * log(rows[i].norm2) / (double)layers;
    }
    p.angle = sort_median(values, layers);
    p.turn = law.angle > 0 ? p.angle / law.angle : 0;
    for (size_t i = 0; i < layers; i++) {
        values[i] = rows[i].growth;
    }
    p.growth = sort_median(values, layers);
    free(values);
    return p;
}

verdict_point verdict_point_in(const series *s, size_t i, const optimizer_options *o)
{
    const rate_now now = {s->rates[i], s->shares[i]};
    return verdict_point_of(s->rows + i * s->layers, s->layers, s->steps[i], &now, o);
}

double verdict_clock(const optimizer_options *o, const rate_run *run, uint64_t from, uint64_t to)
{
    double clock = 0;
    for (uint64_t step = from; step < to; step++) {
        const rate_now now = rate_at(o, run, step);
        clock += gradient_updates_after(o, step) ? theory_at(o, &now).clock : 0;
    }
    return clock;
}

double verdict_turn(const verdict_point *p, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += p[i].turn * p[i].turn;
    }
    return sqrt(sum / (double)count);
}

/* What decay alone takes of ln norm between two points. */
static double fall_between(const verdict_point *a, const verdict_point *b)
{
    return (a->shrink + b->shrink) / 2 * (double)(b->step - a->step);
}

/* Mean steps from jump to jump of the norm; 0: there are none. After a jump it must have fallen before another counts.
 */
static double period_of(const verdict_point *p, size_t count)
{
    size_t jumps = 0;
    uint64_t first = 0;
    uint64_t last = 0;
    bool fell = false;
    for (size_t i = 1; i < count; i++) {
        const double rise = p[i].log_norm - p[i - 1].log_norm;
        if (rise > jump_size * fall_between(&p[i - 1], &p[i]) && fell) {
            first = jumps == 0 ? p[i].step : first;
            last = p[i].step;
            jumps++;
            fell = false;
        } else if (rise < 0) {
            fell = true;
        }
    }
    return jumps > LEAST_JUMPS ? (double)(last - first) / (double)(jumps - 1) : 0;
}

/* Whether pushes stay away while the norms fall, where they should come back; what only rounds is no push. */
static bool vanishes(const verdict_point *p, size_t count, double clock, double turn)
{
    if (p[count - 1].angle < rounding && turn * turn < few_pushes) {
        return p[count - 1].log_norm < p->log_norm;
    }
    const double before = verdict_turn(p, count / 2);
    const double after = verdict_turn(p + count / 2, count - count / 2);
    return turn * turn < few_pushes && clock >= told_by_clock && after <= before;
}

verdict verdict_of(const verdict_point *p, size_t count, const optimizer_options *o, const rate_run *run)
{
    verdict v = {.kind = VERDICT_TOO_SHORT};
    const rate_now start = rate_at(o, run, 0);
    if (!theory_at(o, &start).known) {
        v.kind = VERDICT_UNKNOWN;
        return v;
    }
    if (count == 0) {
        return v;
    }
    v.clock = verdict_clock(o, run, 0, p[count - 1].step);
    if (count < LEAST_POINTS) {
        return v;
    }
    const size_t n = count / WINDOW_SHARE > LEAST_POINTS ? count / WINDOW_SHARE : LEAST_POINTS;
    const verdict_point *window = p + count - n;
    const verdict_point *last = &window[n - 1];
    v.turn = verdict_turn(window, n);
    if (!(last->shrink > 0)) {
        v.kind = last->log_norm > window->log_norm ? VERDICT_GROWING : VERDICT_TOO_SHORT;
        return v;
    }
    const double seen = verdict_clock(o, run, window->step, last->step);
    v.steps = period_of(p + count / 2, count - count / 2);
    if (v.steps > 0) {
        v.kind = VERDICT_DESTABILIZED;
    } else if (fabs(v.turn - 1) <= near_balance) {
        v.kind = v.clock >= least_clock ? VERDICT_EQUILIBRIUM : VERDICT_TOO_SHORT;
    } else if (vanishes(window, n, seen, v.turn)) {
        v.kind = VERDICT_DECAYING;
    } else {
        /* y = |w|^power over that of the balance is 1/turn², and y − 1 falls to 1/e in a time constant. */
        const double away = fabs(1 / (v.turn * v.turn) - 1);
        const theory law = {.clock = seen / (double)(last->step - window->step)};
        v.kind = VERDICT_RELAXING;
        v.steps = law.clock > 0 ? fmax(log(away / (2 * near_balance)), 0) / law.clock : INFINITY;
    }
    return v;
}

/* To two digits. */
static double rounded(double x)
{
    const double unit = pow(10, floor(log10(x)) - 1);
    return unit > 1 ? floor(x / unit + 0.5) * unit : floor(x + 0.5);
}

const char *verdict_text(char *out, size_t size, const verdict *v)
{
    const double steps = v->steps < 1e9 ? v->steps : 1e9;
    const unsigned long long round = v->steps > 0 ? (unsigned long long)rounded(steps) : 0;
    switch (v->kind) {
    case VERDICT_TOO_SHORT: (void)snprintf(out, size, "too short to tell"); break;
    case VERDICT_UNKNOWN: (void)snprintf(out, size, "no law is known for this optimizer and decay"); break;
    case VERDICT_GROWING: (void)snprintf(out, size, "growing, without decay"); break;
    case VERDICT_RELAXING: (void)snprintf(out, size, "relaxing, %llu steps to go", round); break;
    case VERDICT_EQUILIBRIUM: (void)snprintf(out, size, "in equilibrium"); break;
    case VERDICT_DESTABILIZED: (void)snprintf(out, size, "destabilized, with a period of %llu steps", round); break;
    case VERDICT_DECAYING: (void)snprintf(out, size, "decaying to zero"); break;
    }
    return out;
}
