#ifndef LOCKSTEP_CLI_PREDICT_H
#define LOCKSTEP_CLI_PREDICT_H

#include "cli/command.h"

extern const command predict_command;

#endif
