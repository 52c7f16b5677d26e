#ifndef LOCKSTEP_CLI_FSCK_H
#define LOCKSTEP_CLI_FSCK_H

#include "cli/command.h"

extern const command fsck_command;

#endif
