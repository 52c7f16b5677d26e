#ifndef LOCKSTEP_INSTRUMENT_VERDICT_H
#define LOCKSTEP_INSTRUMENT_VERDICT_H

#include <stddef.h>
#include <stdint.h>

#include "instrument/filters.h"
#include "instrument/series.h"
#include "optim/options.h"
#include "optim/rate.h"

/* Where a run stands between what pushes its scale-invariant weights outward and the decay that pulls them in. */
typedef enum verdict_kind {
    VERDICT_TOO_SHORT,    /* too short to tell */
    VERDICT_UNKNOWN,      /* no law is known for this optimizer and decay */
    VERDICT_GROWING,      /* there is no decay, so norms only grow */
    VERDICT_RELAXING,     /* on the way to the balance */
    VERDICT_EQUILIBRIUM,  /* in it */
    VERDICT_DESTABILIZED, /* norms shrink until a jump, again and again (Lobacheva et al. 2021, arXiv 2106.15739) */
    VERDICT_DECAYING,     /* gradients vanish, and norms with them */
} verdict_kind;

#define VERDICT_ENOUGH 5 /* time constants until a balance has formed */

/* A measurement, summed up over the layers. */
typedef struct verdict_point {
    uint64_t step;
    double turn;     /* median over layers of the angle over the one in balance; 0 without decay */
    double angle;    /* median, radians */
    double log_norm; /* mean over layers of ln of the root mean square norm */
    double shrink;   /* share that decay takes in a step: theory.shrink */
    double growth;   /* median over layers of the growth of ln norm by the step */
} verdict_point;

typedef struct verdict {
    verdict_kind kind;
    double clock; /* time constants since the run's first step; 0 without decay */
    double turn;  /* of the last measurements: root mean square */
    double steps; /* RELAXING: to go, by the law; DESTABILIZED: from jump to jump; else 0 */
} verdict;

/* rows: of the layers; now: rate and share of the update. */
verdict_point verdict_point_of(const filters_row *rows, size_t layers, uint64_t step, const rate_now *now,
                               const optimizer_options *o);

/* Of a run's measurement number i. */
verdict_point verdict_point_in(const series *s, size_t i, const optimizer_options *o);

/* Time constants between two steps of a run, by its schedule. */
double verdict_clock(const optimizer_options *o, const rate_run *run, uint64_t from, uint64_t to);

/* Root mean square of the turns of count points, at least 1. */
double verdict_turn(const verdict_point *p, size_t count);

/* Pure. p: in order of steps, from the run's start. */
verdict verdict_of(const verdict_point *p, size_t count, const optimizer_options *o, const rate_run *run);

/* "relaxing, 5200 steps to go"; returns out. */
const char *verdict_text(char *out, size_t size, const verdict *v);

#endif
