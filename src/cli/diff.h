#ifndef LOCKSTEP_CLI_DIFF_H
#define LOCKSTEP_CLI_DIFF_H

#include "cli/command.h"

extern const command diff_command;

#endif
