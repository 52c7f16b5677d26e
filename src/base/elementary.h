#ifndef LOCKSTEP_BASE_ELEMENTARY_H
#define LOCKSTEP_BASE_ELEMENTARY_H

/*
 * Elementary functions whose bits are the same on every machine. Those of mathematics libraries are rounded differently
 * by different versions, and by one version on different processors; what a result depends on may not use them. Made of
 * additions, products and divisions alone, each rounded once. Within 1e-15 of the true value, relative to it; NaN where
 * a function is not defined.
 */

double elementary_exp(double x);

/* Natural logarithm; x > 0. */
double elementary_log(double x);

/* x to the power of y; x >= 0. Exact where y is 0 or 1. Relative error up to 1e-15 * (1 + |y log x|). */
double elementary_pow(double x, double y);

/* cos(pi·x) and sin(pi·x). Exact where x is a multiple of 1/2; equal but for the sign at odd multiples of 1/4. */
double elementary_cos_pi(double x);
double elementary_sin_pi(double x);

#endif
