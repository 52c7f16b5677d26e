#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "cli/args.h"
#include "cli/command.h"
#include "cli/fsck_file.h"
#include "io/h5.h"
#include "io/named.h"
#include "store/checkpoint.h"
#include "store/checkpoint_name.h"
#include "store/run_folder.h"

static const char help[] =
    "usage: lockstep fsck [--decode] [--patience SECONDS] FILE...\n"
    "\n"
    "Check checkpoints, logs and data sets thoroughly: one line a file, `FILE: ok (what it is)`, `FILE: damaged: ...`\n"
    "with all that is wrong, or `FILE: is of another kind: ...`. A folder stands for the checkpoints and logs in it;\n"
    "what an interrupted write left there is named too. Nothing is changed, and a run that is going on is not\n"
    "disturbed.\n"
    "\n"
    "  --decode            decode every picture of a data set too\n"
    "  --patience SECONDS  give a file up when reading it neither ends nor goes on for so long (default 300)\n"
    "\n"
    "exit status: 0 all are ok, 1 some are not, 2 one is not there, may not be read or is of another kind; also for\n"
    "wrong usage\n"
    "example: lockstep fsck checkpoints/digits.h5 checkpoints/digits-bn\n";

enum { FSCK_TEXT_SIZE = 4096, MOST_PATIENCE = 86400 };

typedef struct fsck_arguments {
    bool decode;
    uint64_t patience;
} fsck_arguments;

static const args_option options[] = {
    {"decode", ARGS_FLAG, ARGS_FIELD(fsck_arguments, decode)},
    {"patience", ARGS_WHOLE, ARGS_FIELD(fsck_arguments, patience), .least = 1, .most = MOST_PATIENCE},
    {0},
};

static int check_file(const char *path, bool of_run, const fsck_arguments *a)
{
    char text[FSCK_TEXT_SIZE] = "";
    const fsck_job job = {.path = path, .decode = a->decode, .of_run = of_run};
    switch (fsck_check_file(text, sizeof text, &job)) {
    case FSCK_OK: log_info("%s: ok (%s)", path, text); return EXIT_DONE;
    case FSCK_FOREIGN: log_info("%s: is of another kind: %s", path, text); return EXIT_USAGE;
    default: log_info("%s: damaged: %s", path, text); return EXIT_FAILED;
    }
}

static int is_of_a_run(const struct dirent *entry)
{
    return fnmatch("step-*.weights.h5*", entry->d_name, 0) == 0 || fnmatch("log.h5*", entry->d_name, 0) == 0;
}

static int check_member(const char *dir, const char *name, const fsck_arguments *a)
{
    char path[CHECKPOINT_PATH_SIZE];
    const int code = run_folder_file(path, sizeof path, dir, name);
    if (code != LS_OK) {
        return code;
    }
    if (strstr(name, ".damaged") != NULL || strstr(name, ".aside") != NULL) {
        log_info("%s: set aside by a training; not checked", path);
        return EXIT_DONE;
    }
    if (checkpoint_name_is_temporary(name)) {
        log_info("%s: left over: it is being written, or its write was interrupted; the run's next start removes it",
                 path);
        return EXIT_FAILED;
    }
    return check_file(path, true, a);
}

static int check_folder(const char *dir, const fsck_arguments *a)
{
    struct dirent **list = NULL;
    int result = EXIT_DONE;
    const int n = scandir(dir, &list, is_of_a_run, alphasort);
    if (n < 0) {
        return error_set(errno == EACCES ? LS_EUSAGE : LS_EIO, "%s: cannot be listed: %m", dir);
    }
    if (n == 0) {
        log_info("%s: holds neither checkpoints nor a log", dir);
        result = EXIT_FAILED;
    }
    for (int i = 0; i < n; i++) {
        const int code = result < 0 ? result : check_member(dir, list[i]->d_name, a);
        result = code == EXIT_DONE ? result : code;
        free(list[i]);
    }
    free(list);
    return result;
}

static int check_argument(const char *path, const fsck_arguments *a)
{
    if (named_is_folder(path)) {
        return check_folder(path, a);
    }
    const int code = named_check(path);
    return code == LS_OK ? check_file(path, false, a) : code;
}

static int run(int argc, char **argv)
{
    fsck_arguments a = {.patience = 300};
    int result = EXIT_DONE;
    const int code = args_read_all(&a, argc, argv, options, 1, ARGS_ANY_NUMBER, "FILE...");
    if (code != LS_OK) {
        return code;
    }
    h5_set_patience((unsigned)a.patience);
    for (int i = optind; i < argc; i++) {
        int got = check_argument(argv[i], &a);
        if (got < 0) {
            log_error("%s", error_message());
            got = error_exit_code(got);
        }
        result = got > result ? got : result;
    }
    return result;
}

const command fsck_command = {
    .name = "fsck",
    .summary = "check checkpoints, logs, data sets and folders of runs thoroughly",
    .help = help,
    .run = run,
};
