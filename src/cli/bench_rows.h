#ifndef LOCKSTEP_CLI_BENCH_ROWS_H
#define LOCKSTEP_CLI_BENCH_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "measure/bench.h"
#include "model/cost.h"

/* What a benchmark measured beside what the layers cost. All numbers are a rank's, in one step. */
typedef struct bench_row {
    model_cost cost;
    cost_direction direction;
    double seconds;
    double flops;
    double bytes;
    double ideal;      /* seconds: the larger of flops and bytes at the measured peaks */
    bool memory_bound; /* bytes decide */
} bench_row;

/* A row for each layer and direction that has work, forward first; *out: [*count], for free(). 0 or LS_ENOMEM. */
int bench_rows(bench_row **out, size_t *count, const bench_result *r);

/* Classes of layers, and what is done besides the layers' kernels. */
typedef struct bench_class {
    char name[32];                       /* "pointwise forward" */
    double seconds, ideal, flops, bytes; /* ideal is 0 where no limit is known */
} bench_class;

enum { BENCH_MAX_CLASSES = COST_KINDS * COST_DIRECTIONS + 3 };

/* Returns how many; out: [BENCH_MAX_CLASSES]. */
size_t bench_classes(bench_class *out, const bench_row *rows, size_t count, const bench_result *r);

#endif
