/*
 * subnormals CHECKPOINT: how many of its weights are subnormal, zero, and normal but within a factor of 100 of the
 * smallest normal number; and how many there are. One line for a script.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/fpu.h"
#include "store/checkpoint.h"

static void print_counts(const real *weights, size_t n)
{
    const double least = sizeof(real) == sizeof(float) ? FLT_MIN : DBL_MIN;
    size_t zero = 0, small = 0;
    for (size_t i = 0; i < n; i++) {
        const double size = fabs((double)weights[i]);
        zero += size == 0;
        small += size >= least && size < 100 * least;
    }
    printf("subnormal %zu zero %zu small %zu all %zu\n", fpu_subnormals(weights, n, sizeof *weights), zero, small, n);
}

int main(int argc, char **argv)
{
    checkpoint_info info = {0};
    tensor_table t = {0};
    real *weights = NULL;
    real *moving = NULL;
    int code = argc == 2 ? checkpoint_read_info(&info, argv[1]) : error_set(LS_EUSAGE, "usage: subnormals CHECKPOINT");
    if (code == LS_OK) {
        code = checkpoint_describe(&t, &info, argv[1]);
    }
    if (code == LS_OK) {
        weights = calloc(t.weights_size + 1, sizeof *weights);
        moving = calloc(t.moving_size + 1, sizeof *moving);
        code = weights != NULL && moving != NULL ? checkpoint_read(argv[1], &t, weights, moving)
                                                 : error_set(LS_ENOMEM, "out of memory");
    }
    if (code == LS_OK) {
        print_counts(weights, t.weights_size);
    } else {
        fprintf(stderr, "subnormals: %s\n", error_message());
    }
    free(moving);
    free(weights);
    tensor_table_release(&t);
    checkpoint_info_release(&info);
    return code != LS_OK;
}
