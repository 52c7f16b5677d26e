#ifndef LOCKSTEP_CLI_PLAIN_H
#define LOCKSTEP_CLI_PLAIN_H

#include <stddef.h>

/* Texts of files, which may hold what a terminal would obey, made fit to be shown: see error_make_line. */

/* Of one line, cut off where it does not fit: into out, which is returned. */
const char *plain_line(char *out, size_t size, const char *text);

/* To standard output, line by line. */
void plain_print(const char *text);

#endif
