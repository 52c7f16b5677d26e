#ifndef LOCKSTEP_CLI_EVAL_H
#define LOCKSTEP_CLI_EVAL_H

#include "cli/command.h"

extern const command eval_command;

#endif
