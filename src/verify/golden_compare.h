#ifndef LOCKSTEP_VERIFY_GOLDEN_COMPARE_H
#define LOCKSTEP_VERIFY_GOLDEN_COMPARE_H

#include <stddef.h>

#include "base/real.h"
#include "tensor/table.h"
#include "verify/golden_file.h"

/* Ratio above which a tensor is counted as over, and room for the errors of a quantity's tensors. */
#define GOLDEN_OVER 2.0
enum { GOLDEN_TENSORS = 512 };

/* The largest errors of one quantity, and where they are. */
typedef struct golden_worst {
    double error;
    char tensor[2 * TENSOR_NAME_SIZE];
    double ratio; /* error in units of TensorFlow's float32 error; 0: unknown */
    char ratio_tensor[2 * TENSOR_NAME_SIZE];
    size_t tensors;                /* compared */
    size_t over;                   /* with a ratio above GOLDEN_OVER */
    double ratios[GOLDEN_TENSORS]; /* those known */
    size_t ratio_count;
    double errors[GOLDEN_TENSORS];
    size_t error_count;
} golden_worst;

/* The median of the known ratios, and of the errors; 0 when there are none. Sorts them. */
double golden_median_ratio(golden_worst *w);
double golden_median_error(golden_worst *w);

/* Compare n numbers with a reference, and with what TensorFlow got in float32 (NULL: unknown); as one tensor. */
void golden_compare_values(golden_worst *out, const char *tensor, const double *ours, const double *reference,
                           const double *tensorflow, size_t n);

/* A set of tensors as the file holds it. */
typedef struct golden_set {
    const char *reference;  /* group that holds the set: "expect_f64" */
    const char *tensorflow; /* group in whose statistics the last column is TensorFlow's float32 error; NULL: unknown */
    const char *name;       /* "grad_total" */
} golden_set;

/* Compare all variables that the set holds with ours. moving may be NULL where the set has trainable ones only. */
int golden_compare_set(golden_worst *out, const golden_file *g, const golden_set *set, const tensor_table *t,
                       const real *weights, const real *moving);

#endif
