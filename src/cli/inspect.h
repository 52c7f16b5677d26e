#ifndef LOCKSTEP_CLI_INSPECT_H
#define LOCKSTEP_CLI_INSPECT_H

#include "cli/command.h"

extern const command inspect_command;

#endif
