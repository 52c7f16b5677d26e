#ifndef LOCKSTEP_BASE_CLONES_H
#define LOCKSTEP_BASE_CLONES_H

/*
 * CLONED before a function: compiled for wide registers as well, and chosen at start by what the processor has. For
 * loops over elements that do not depend on each other: contraction is off, so each result has the same bits at any
 * width. Sanitizers do not get along with how the choice is made.
 */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) &&               \
    !defined(__SANITIZE_THREAD__)
#if __GNUC__ >= 12
#define CLONED __attribute__((target_clones("arch=x86-64-v4", "avx2", "default"))) /* with AVX-512 of bytes */
#else
#define CLONED __attribute__((target_clones("avx512f", "avx2", "default")))
#endif
#else
#define CLONED
#endif

#endif
