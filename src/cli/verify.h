#ifndef LOCKSTEP_CLI_VERIFY_H
#define LOCKSTEP_CLI_VERIFY_H

#include "cli/command.h"

extern const command verify_command;

#endif
