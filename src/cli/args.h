#ifndef LOCKSTEP_CLI_ARGS_H
#define LOCKSTEP_CLI_ARGS_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "network/options.h"

/* Reading a subcommand's arguments. All errors are LS_EUSAGE with a message that names the argument. */

/*
 * The next option: its `val` (> 0; the argument is in optarg), 0 when there are no more, or LS_EUSAGE. Options may
 * stand after positional arguments; once it returned 0, those are argv[optind .. argc). argv[0] is the subcommand.
 */
int args_next(int argc, char **argv, const struct option *options);

/*
 * After args_next returned 0: check that there are `least` to `most` (0: any number) positional arguments; usage is
 * what they are called, "DIR OUT.h5".
 */
int args_positionals(int argc, char **argv, int least, int most, const char *usage);

/* A whole number in [least, most], and a number in [least, most]; option is its name, "--threads". */
int args_whole(uint64_t *out, const char *option, const char *text, uint64_t least, uint64_t most);
int args_number(double *out, const char *option, const char *text, double least, double most);

/* "WxH", both in [1, 65535]. */
int args_size(size_t *width, size_t *height, const char *option, const char *text);

/* A time above 0, in seconds: "90", "90s", "15m", "1.5h", "2d", "MM:SS", "H:MM:SS", Slurm's "D-HH:MM:SS". */
int args_duration(double *seconds, const char *option, const char *text);

/* "moving" or "precise". */
int args_statistics(bool *precise, const char *option, const char *text);

/* "float32" or "mixed". */
int args_precision(model_precision *out, const char *option, const char *text);

/* "a,b,c": *out is one block of *count names for free(). Also LS_ENOMEM. */
int args_list(char ***out, size_t *count, const char *option, const char *text);

#endif
