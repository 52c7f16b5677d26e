#ifndef LOCKSTEP_CLI_TRAIN_H
#define LOCKSTEP_CLI_TRAIN_H

#include "cli/command.h"

extern const command train_command;

#endif
