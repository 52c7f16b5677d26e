#ifndef LOCKSTEP_CLI_BENCH_REPORT_H
#define LOCKSTEP_CLI_BENCH_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/json.h"
#include "cli/bench_rows.h"

/* What a benchmark measured, for people and for programs; rows [count]: of bench_rows. Neither is collective. */

/* To standard output; with_layers: also the table of layers. */
void bench_report_print(const bench_options *o, const bench_result *r, const bench_row *rows, size_t count,
                        bool with_layers);

/* In the object at hand: the program's version, the processor, the kernel path, and what numbers are. */
void bench_report_computer(json *j);

/* As JSON (docs/benchmark.md has the keys); errors stay with the file. */
void bench_report_json(FILE *to, const bench_options *o, const bench_result *r, const bench_row *rows, size_t count);

#endif
