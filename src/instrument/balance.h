#ifndef LOCKSTEP_INSTRUMENT_BALANCE_H
#define LOCKSTEP_INSTRUMENT_BALANCE_H

#include "instrument/series.h"
#include "optim/options.h"

/*
 * What was measured of a layer beside what the balance of decay and pushes predicts for it (instrument/theory.h), over
 * some of a run's measurements: of angles the root mean square, of norms the mean of that power which the law is about.
 * Predictions are quasi-static: of each measurement's own rate. Those of a run without decay are infinite or 0.
 */
typedef struct balance {
    double norm, norm_predicted;
    double angle, angle_predicted; /* radians an update */
    double ratio, ratio_predicted; /* |g|/|w|; predicted 0 where nothing is said of it */
    double outward, inward;        /* of ln |w| an update: what pushes add, what decay takes */
    double effective_rate;         /* mean of rate/|w|² */
    double cosine;                 /* root mean square of cos(g, w) */
    double radial, radial_epsilon; /* means of g·w, and of what BatchNorm's epsilon makes of it */
    double epsilon_share;          /* mean of ε/(v + ε) */
    double turned;                 /* angle to the run's start at the last measurement, radians */
    double spread;                 /* mean of p95/p5 of the norms */
    size_t count;                  /* measurements */
} balance;

/* Of the measurements of steps from `from` up to `to`. Pure. */
balance balance_of(const series *s, size_t layer, uint64_t from, uint64_t to, const optimizer_options *o);

/* measured / predicted − 1. */
double balance_error(double measured, double predicted);

#endif
