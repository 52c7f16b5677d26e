#ifndef LOCKSTEP_EXCHANGE_SAFETENSORS_WRITE_H
#define LOCKSTEP_EXCHANGE_SAFETENSORS_WRITE_H

#include <stddef.h>

#include "base/real.h"
#include "exchange/safetensors.h"

/* A tensor to write, F32 (F64 in the build `double`), or where is_count a single I64 that is 0. */
typedef struct safetensors_output {
    const char *name;
    int rank;
    const size_t *shape; /* [rank] */
    int is_count;
} safetensors_output;

/* The numbers of tensor i, in the file's order: out has room for all of them. Returns 0 or a negative code. */
typedef int safetensors_fill(void *context, size_t i, real *out);

/*
 * Write a file of tensors [n] with notes [note_count] in __metadata__. It appears under its name whole or not at all.
 * what: "weights", as in base/output.h. Returns 0, LS_EUSAGE, LS_EIO, LS_ENOMEM, or what `fill` returned.
 */
int safetensors_write(const char *path, const char *what, const safetensors_output *tensors, size_t n,
                      const safetensors_note *notes, size_t note_count, safetensors_fill *fill, void *context);

#endif
