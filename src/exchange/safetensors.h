#ifndef LOCKSTEP_EXCHANGE_SAFETENSORS_H
#define LOCKSTEP_EXCHANGE_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "base/real.h"

/*
 * Reading safetensors: 8 bytes with the header's length (little endian), the header, a JSON object of names with type,
 * shape and place, then the data. The file is input: a header is believed only as far as the file reaches, and tensors
 * must cover the data without gaps or overlaps, as the format asks for.
 */
typedef enum safetensors_type {
    SAFETENSORS_F64,
    SAFETENSORS_F32,
    SAFETENSORS_F16,
    SAFETENSORS_BF16,
    SAFETENSORS_I64,
    SAFETENSORS_OTHER, /* known to the format, not read */
} safetensors_type;

enum { SAFETENSORS_MOST_RANK = 8, SAFETENSORS_MOST_HEADER = 100 * 1000 * 1000 };

typedef struct safetensors_tensor {
    char *name;
    safetensors_type type;
    int rank; /* 0: a single number */
    size_t shape[SAFETENSORS_MOST_RANK];
    size_t size;     /* elements: the product of shape, checked */
    uint64_t offset; /* of its first byte in the file */
    uint64_t bytes;
} safetensors_tensor;

/* A text of the header's member __metadata__. */
typedef struct safetensors_note {
    char *key, *text;
} safetensors_note;

typedef struct safetensors {
    char *path; /* all of it owned */
    int descriptor;
    safetensors_tensor *tensors; /* [count], by name */
    size_t count;
    safetensors_note *notes; /* [note_count], as the file has them */
    size_t note_count;
} safetensors;

/*
 * Open a file and read its header; safetensors_close in any case. Returns 0, LS_ENOTFOUND, LS_EIO, LS_ENOMEM, or
 * LS_EFORMAT where it is no safetensors file or a damaged one.
 */
int safetensors_open(safetensors *out, const char *path);
void safetensors_close(safetensors *s);

/* The tensor of this name; NULL: there is none. */
const safetensors_tensor *safetensors_find(const safetensors *s, const char *name);

/* What __metadata__ says of a key; NULL: nothing. */
const char *safetensors_note_of(const safetensors *s, const char *key);

/*
 * All its numbers, in the file's order: out[t->size]. Of F32, F16 and BF16 they are exact; of F64 and I64 as near as a
 * real can be. LS_EIO; LS_EFORMAT for a type that is not read.
 */
int safetensors_read(const safetensors *s, const safetensors_tensor *t, real *out);

#endif
