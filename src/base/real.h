#ifndef LOCKSTEP_BASE_REAL_H
#define LOCKSTEP_BASE_REAL_H

/*
 * The number type of weights, activations and gradients: float, or double in the build that checks the arithmetic
 * against float64 results (preset `double`). Sums over samples that must not lose digits are double in both.
 */
#ifdef LOCKSTEP_DOUBLE
typedef double real;
#define REAL_NAME "float64"
#else
typedef float real;
#define REAL_NAME "float32"
#endif

#endif
