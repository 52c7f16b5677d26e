#ifndef LOCKSTEP_CLI_BENCH_H
#define LOCKSTEP_CLI_BENCH_H

#include "cli/command.h"

extern const command bench_command;

#endif
