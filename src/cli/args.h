#ifndef LOCKSTEP_CLI_ARGS_H
#define LOCKSTEP_CLI_ARGS_H

#include <getopt.h> /* optind */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reading a subcommand's arguments. All errors are LS_EUSAGE with a message that names the argument. */

/* What an option's value is, and what its field gets. */
typedef enum args_kind {
    ARGS_FLAG,   /* no value: true */
    ARGS_TEXT,   /* argv's text */
    ARGS_TEXTS,  /* argv's texts, into args_texts: the option may be given again */
    ARGS_WHOLE,  /* a whole number in [least, most], into an unsigned or a positive signed field */
    ARGS_NUMBER, /* a double in [low, high] */
    ARGS_WORD,   /* one of `words`: which of them, counted from `least` */
    ARGS_OTHER,  /* read by `take` */
} args_kind;

/* Starts as zeros. */
typedef struct args_texts {
    const char **texts; /* [count] in the order in which they are given; for free() */
    size_t count;
} args_texts;

/* An option of a subcommand: a row of its table, which ends with a row without a name. */
typedef struct args_option {
    const char *name; /* without its dashes */
    args_kind kind;
    size_t offset, size; /* of the field in the subcommand's arguments: ARGS_FIELD */
    uint64_t least, most;
    double low, high;
    const char *const *words; /* ends with a NULL */
    /* option: "--name"; text: NULL where an optional value is not given. Returns 0 or LS_EUSAGE, LS_ENOMEM. */
    int (*take)(void *arguments, const char *option, const char *text);
    char letter;   /* a short name, as in `-o FILE`; 0: none. Not for an option whose value may be left out */
    bool optional; /* the value may be left out */
    bool marks;    /* a field of the arguments, at `mark`, gets the name when the option is given: ARGS_MARK */
    size_t mark;
} args_option;

#define ARGS_FIELD(type, field) .offset = offsetof(type, field), .size = sizeof(((type *)0)->field)
#define ARGS_MARK(type, field)  .marks = true, .mark = offsetof(type, field)

/*
 * Read the options into the subcommand's arguments, which hold the defaults; of an option that is given twice the last
 * one counts. argv[0] is the subcommand. Options may stand after positional arguments; those are argv[optind .. argc)
 * afterwards.
 */
int args_read(void *arguments, int argc, char **argv, const args_option *options);

enum { ARGS_ANY_NUMBER = -1 };

/*
 * After args_read: check that there are `least` to `most` (or ARGS_ANY_NUMBER) positional arguments; usage is what they
 * are called, "DIR OUT.h5".
 */
int args_positionals(int argc, char **argv, int least, int most, const char *usage);

/* Both. */
int args_read_all(void *arguments, int argc, char **argv, const args_option *options, int least, int most,
                  const char *usage);

/* A whole number in [least, most], and a number in [least, most]; option is its name, "--threads". */
int args_whole(uint64_t *out, const char *option, const char *text, uint64_t least, uint64_t most);
int args_number(double *out, const char *option, const char *text, double least, double most);

/* "WxH", both in [1, 65535]. */
int args_size(size_t *width, size_t *height, const char *option, const char *text);

/* A time above 0, in seconds: "90", "90s", "15m", "1.5h", "2d", "MM:SS", "H:MM:SS", Slurm's "D-HH:MM:SS". */
int args_duration(double *seconds, const char *option, const char *text);

/* The words of options that several subcommands have. */
extern const char *const args_statistics[]; /* as batch_norm_evaluate */
extern const char *const args_precision[];  /* as model_precision */

/* "a,b,c": *out is one block of *count names for free(). Also LS_ENOMEM. */
int args_list(char ***out, size_t *count, const char *option, const char *text);

#endif
