#ifndef LOCKSTEP_VERIFY_GOLDEN_FILE_H
#define LOCKSTEP_VERIFY_GOLDEN_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/real.h"
#include "io/h5.h"
#include "tensor/state.h"

/*
 * A file of reference results. /init/<var> are starting values, /batch<k>/x and y batches. Step files hold
 * /expect_f64 and /expect_f32: losses, logits and sets of tensors for n_steps updates in a row. Files for data-parallel
 * runs hold /expect_f64_batch<k>, each from the starting values. Of large variables a set holds the values at
 * /sample_index/<var>, and /stats_<set> has a row a variable: sum, norm, largest magnitude, position checksum,
 * deviation.
 */
typedef struct golden_file {
    h5_file *f;
    char **names; /* of the variables, in order of creation; one block */
    size_t variables;
    int batch_norm;
    int data_parallel; /* /expect_f64_batch<k>, else steps */
    int has_f64;
    size_t batches; /* also the number of steps */
    size_t height, width, classes;
    double learning_rate, l2, momentum, epsilon;
    double alpha; /* of the network; 0: the file does not say, so 1 */
} golden_file;

/* Returns 0 or a negative code; release in any case. */
int golden_file_open(golden_file *out, const char *path);
void golden_file_close(golden_file *g);

/* Starting values. LS_EFORMAT where the file is of another network than the table. */
int golden_file_init(const golden_file *g, state *out);

/* A batch, whole. *images [samples][height][width][3] and *labels are freed by the caller, on failure too. */
int golden_file_batch(const golden_file *g, size_t k, real **images, int32_t **labels, size_t *samples);

/* An array of float64 of any shape; *out freed by the caller. */
int golden_file_array(const golden_file *g, const char *name, double **out, h5_shape *shape);
/* One of n values, whatever its shape: else LS_EFORMAT. *out freed by the caller, on failure too. */
int golden_file_values(const golden_file *g, const char *name, size_t n, double **out);

/* Places in a variable whose values the file holds; *out NULL: all of them, in order. Freed by the caller. */
int golden_file_places(const golden_file *g, size_t variable, int32_t **out, size_t *count);

#endif
