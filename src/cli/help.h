#ifndef LOCKSTEP_CLI_HELP_H
#define LOCKSTEP_CLI_HELP_H

#include "cli/command.h"

/* Help goes to standard output. Both return 0 or a negative code. */

/* What the program is, and the list of commands. */
int help_program(void);

/* Of one command. */
int help_command(const command *c);

/* Print the version, the number type and the kernel paths that this CPU can run, best last. */
int help_print_version(void);

#endif
