#ifndef LOCKSTEP_CLI_REPORT_H
#define LOCKSTEP_CLI_REPORT_H

#include "cli/command.h"

extern const command report_command;

#endif
