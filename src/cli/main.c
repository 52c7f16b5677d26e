#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "cli/command.h"
#include "cli/help.h"

const command *const commands[] = {
    &pack_command,    &train_command, &eval_command,   &predict_command, &inspect_command,
    &fsck_command,    &diff_command,  &verify_command, &report_command,  &compare_command,
    &balance_command, &twin_command,  &watch_command,  &bench_command,   &import_command,
    &export_command,  NULL,
};

static const command *find(const char *name)
{
    for (const command *const *c = commands; *c != NULL; c++) {
        if (strcmp((*c)->name, name) == 0) {
            return *c;
        }
    }
    return NULL;
}

static int is_help(const char *argument)
{
    return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
}

static int asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (is_help(argv[i])) {
            return 1;
        }
    }
    return 0;
}

static int unknown(const char *name)
{
    return error_set(LS_EUSAGE, "unknown %s '%s'; `lockstep help` lists the commands",
                     name[0] == '-' ? "option" : "command", name);
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        return error_set(LS_EUSAGE, "no command given; `lockstep help` lists them");
    }
    if (strcmp(argv[1], "--version") == 0) {
        return help_print_version();
    }
    const int help = is_help(argv[1]) || strcmp(argv[1], "help") == 0;
    if (help && (argc == 2 || is_help(argv[2]))) {
        return help_program();
    }
    const command *c = find(argv[help ? 2 : 1]);
    if (c == NULL) {
        return unknown(argv[help ? 2 : 1]);
    }
    return help || asks_for_help(argc - 1, argv + 1) ? help_command(c) : c->run(argc - 1, argv + 1);
}

/*
 * A process that is started without one of the three gives its number to the first file it opens, and what is printed
 * goes into that. What takes their place cannot be written to, so that printing fails as it should.
 */
static void keep_standard_files(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd) {
            _Exit(EXIT_FAILED);
        }
    }
}

int main(int argc, char **argv)
{
    keep_standard_files();
    (void)signal(SIGXFSZ, SIG_IGN); /* a file that may not grow (`ulimit -f`) is a write that fails, and has a name */
    int code = dispatch(argc, argv);
    if (code == EXIT_DONE || code == EXIT_FAILED) { /* what differs or is damaged is reported on standard output too */
        const int lost = log_check_output();
        code = lost != LS_OK ? lost : code;
    }
    if (code < 0) {
        log_error("%s", error_message());
        return error_exit_code(code);
    }
    return code;
}
