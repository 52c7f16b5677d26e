#ifndef LOCKSTEP_CLI_BENCH_DATA_H
#define LOCKSTEP_CLI_BENCH_DATA_H

#include "cli/args.h"
#include "comm/comm.h"

/* What `lockstep bench --data` was asked for. */
typedef struct bench_data_arguments {
    const char *file;   /* the data set */
    const char *config; /* NULL: all keys have their defaults */
    args_texts sets;    /* of keys, in order */
    uint64_t batch;     /* a rank; 0, here and below: as the configuration has it, which is for all ranks together */
    size_t width, height;
    int threads;
    size_t steps, warm_up;
    const char *json; /* NULL: none; "-": instead of the tables */
} bench_data_arguments;

/* Measure and report. Collective. */
int bench_data_run(comm *c, const bench_data_arguments *arguments);

#endif
