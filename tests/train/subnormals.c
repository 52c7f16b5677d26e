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
    state s = {0};
    const int code =
        argc == 2 ? checkpoint_load(&info, &t, &s, argv[1]) : error_set(LS_EUSAGE, "usage: subnormals CHECKPOINT");
    if (code == LS_OK) {
        print_counts(state_weights(&s), t.weights_size);
    } else {
        fprintf(stderr, "subnormals: %s\n", error_message());
    }
    state_release(&s);
    tensor_table_release(&t);
    checkpoint_info_release(&info);
    return code != LS_OK;
}
