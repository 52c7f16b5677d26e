#ifndef LOCKSTEP_TENSOR_ORIGIN_H
#define LOCKSTEP_TENSOR_ORIGIN_H

#include <stddef.h>
#include <stdint.h>

/*
 * Which arithmetic computed a state, and from which step on. Bits depend on the number type, and those of older
 * versions on the kernel path, so a run that goes on with others has other bits from there.
 */
#define ORIGIN_ANY_PATH "any" /* all kernel paths give the same bits */
enum { ORIGIN_NAME_SIZE = 16, ORIGIN_SPANS = 32 };

typedef struct origin_span {
    uint64_t step;                  /* the steps after this one */
    char kernels[ORIGIN_NAME_SIZE]; /* ORIGIN_ANY_PATH, or an older version's kernel path: "avx2" */
    char numbers[ORIGIN_NAME_SIZE]; /* "float32", "float64" */
} origin_span;

typedef struct origin {
    origin_span spans[ORIGIN_SPANS]; /* [count]; steps ascend; plain bytes, so it can be broadcast */
    size_t count;                    /* 0: not known, a checkpoint of format 2 */
} origin;

/* The arithmetic of the last steps; NULL where it is not known. */
const origin_span *origin_last(const origin *o);

/*
 * From this step on it is computed so. Nothing changes where that is how it was; where a span has no step in it, it is
 * replaced. When there are too many, the two oldest become one of kernels "several".
 */
void origin_add(origin *o, uint64_t step, const char *kernels, const char *numbers);

/* The steps up to this one are of nobody knows which arithmetic: a span of its own, "unknown". */
void origin_add_unknown(origin *o);

/* "avx2 float32 to step 40, then float32"; out has room for size bytes. Returns out. */
char *origin_describe(char *out, size_t size, const origin *o);

#endif
