#ifndef LOCKSTEP_CLI_BENCH_REPORT_H
#define LOCKSTEP_CLI_BENCH_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "train/bench.h"

/* What a benchmark measured, for people and for programs. Neither is collective. */

/* To standard output; with_layers: also the table of layers. */
void bench_report_print(const bench_options *o, const bench_result *r, bool with_layers);

/* As JSON (docs/benchmark.md has the keys); errors stay with the file. */
void bench_report_json(FILE *to, const bench_options *o, const bench_result *r);

#endif
