#ifndef LOCKSTEP_BASE_SIZE_H
#define LOCKSTEP_BASE_SIZE_H

#include <stddef.h>

/* Sizes from files are input: multiply and add with a check. Return 0, or -1 when the result does not fit a size_t. */
static inline int size_mul(size_t *out, size_t a, size_t b)
{
    return __builtin_mul_overflow(a, b, out) ? -1 : 0;
}

static inline int size_add(size_t *out, size_t a, size_t b)
{
    return __builtin_add_overflow(a, b, out) ? -1 : 0;
}

/* n rounded up to a multiple of `multiple`. */
static inline size_t size_round_up(size_t n, size_t multiple)
{
    return (n + multiple - 1) / multiple * multiple;
}

#endif
