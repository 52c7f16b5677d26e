#ifndef LOCKSTEP_CLI_PACK_H
#define LOCKSTEP_CLI_PACK_H

#include "cli/command.h"

extern const command pack_command;

#endif
