#ifndef LOCKSTEP_CLI_COMMAND_H
#define LOCKSTEP_CLI_COMMAND_H

/* A subcommand. main.c has the table of them. */
typedef struct command {
    const char *name;
    const char *summary; /* one line, for the list of commands */
    const char *help;    /* usage, options, an example; ends with a newline */
    int (*more)(void);   /* prints what help cannot hold, after it; NULL: nothing. Returns 0 or a negative code */
    /*
     * argv[0] is the command's name. Returns the exit code, or a negative code whose message main prints. Starts MPI
     * only once the command line is known to be right.
     */
    int (*run)(int argc, char **argv);
} command;

extern const command pack_command, train_command, eval_command, predict_command, inspect_command, fsck_command,
    diff_command, verify_command, report_command, compare_command, balance_command, twin_command, watch_command,
    bench_command, import_command, export_command;

/* All of them; ends with a NULL. */
extern const command *const commands[];

#endif
