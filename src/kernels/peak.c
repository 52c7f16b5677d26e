#include "kernels/peak.h"

#include <string.h>

#define UNROLL _Pragma("GCC unroll 32")

/*
 * One function an instruction set: `chains` vectors of `width` bytes, each waiting for itself only. A chain's value
 * tends to factor / (1 - factor), so it neither overflows nor becomes denormal.
 */
/* NOLINTBEGIN(bugprone-macro-parentheses): attributes have no parentheses */
#define MULTIPLY_ADD(suffix, attributes, width, chains)                                                                \
    typedef real vector_##suffix __attribute__((vector_size(width)));                                                  \
    attributes static double multiply_add_##suffix(size_t rounds, real *values)                                        \
    {                                                                                                                  \
        const vector_##suffix factor = values[0] - (vector_##suffix){0};                                               \
        const vector_##suffix term = values[1] - (vector_##suffix){0};                                                 \
        vector_##suffix chain[chains];                                                                                 \
        UNROLL for (size_t i = 0; i < (chains); i++)                                                                   \
        {                                                                                                              \
            chain[i] = term * (real)i;                                                                                 \
        }                                                                                                              \
        for (size_t n = 0; n < rounds; n++) {                                                                          \
            UNROLL for (size_t i = 0; i < (chains); i++)                                                               \
            {                                                                                                          \
                chain[i] = chain[i] * factor + term;                                                                   \
            }                                                                                                          \
        }                                                                                                              \
        vector_##suffix sum = chain[0];                                                                                \
        UNROLL for (size_t i = 1; i < (chains); i++)                                                                   \
        {                                                                                                              \
            sum += chain[i];                                                                                           \
        }                                                                                                              \
        values[2] = sum[0];                                                                                            \
        return 2.0 * (double)rounds * (chains) * (width) / sizeof(real);                                               \
    }
/* NOLINTEND(bugprone-macro-parentheses) */

MULTIPLY_ADD(generic, , 16, 12)
#if defined(__x86_64__)
MULTIPLY_ADD(avx2, __attribute__((target("avx2,fma"))), 32, 12)
MULTIPLY_ADD(avx512, __attribute__((target("avx512f,avx512vl"))), 64, 24)
#endif

double peak_multiply_add(const char *isa, size_t rounds, real *values)
{
#if defined(__x86_64__)
    if (strcmp(isa, "avx2") == 0) {
        return multiply_add_avx2(rounds, values);
    }
    if (strcmp(isa, "avx512") == 0) {
        return multiply_add_avx512(rounds, values);
    }
#endif
    (void)isa;
    return multiply_add_generic(rounds, values);
}

void peak_triad(real *a, const real *b, const real *c, real factor, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        a[i] = b[i] + factor * c[i];
    }
}
