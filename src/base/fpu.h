#ifndef LOCKSTEP_BASE_FPU_H
#define LOCKSTEP_BASE_FPU_H

#include <stddef.h>

/*
 * Subnormal numbers are those too small for a full mantissa: below 1.2e-38 in float32, 2.3e-308 in float64. Many
 * processors take a hundred times longer for an operation on one. A thread can be set to flush them: a result that
 * would be subnormal is 0, and an operand that is subnormal counts as 0, both with its sign. On x86-64 these are the
 * bits FTZ and DAZ of MXCSR, which holds for SSE, AVX and AVX-512 alike; on AArch64 it is FZ of FPCR. They are a
 * thread's own; on Linux a new thread starts with those of the thread that creates it.
 *
 * Flushing changes results, so all threads that compute parts of one result must agree. That is base/pool.h's work:
 * what computes needs a pool, so nobody who puts a training, an evaluation or a benchmark together can forget it.
 */

/*
 * The calling thread flushes from here to the matching end, whatever it did before. Pairs nest, in any order; the last
 * end gives back what there was before the first begin. On other processors than these two nothing happens.
 */
void fpu_flush_begin(void);
void fpu_flush_end(void);

/*
 * How many of n numbers are subnormal: of 8 bytes each (double), of 4 (float), or of 2 (bf16). By their bits, as
 * who flushes would compute with zeros.
 */
size_t fpu_subnormals(const void *values, size_t n, size_t bytes);

#endif
