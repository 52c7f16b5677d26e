#include "cli/which.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/log.h"
#include "store/run_folder.h"

static int of_folder(char out[CHECKPOINT_PATH_SIZE], const char *dir, bool best)
{
    run_folder *folder = NULL;
    int code = run_folder_open(&folder, dir, NULL, NULL);
    if (code == LS_OK) {
        code = best ? run_folder_best(folder, out, CHECKPOINT_PATH_SIZE, NULL)
                    : run_folder_newest(folder, out, CHECKPOINT_PATH_SIZE, NULL);
    }
    run_folder_close(folder);
    if (code == LS_OK) {
        log_note("%s: %s", best ? "best validation" : "newest checkpoint", out);
    }
    return code;
}

int which_checkpoint(char out[CHECKPOINT_PATH_SIZE], const char *given, bool best)
{
    struct stat status;
    if (stat(given, &status) == 0 && S_ISDIR(status.st_mode)) {
        return of_folder(out, given, best);
    }
    if (best) {
        return error_set(LS_EUSAGE, "--best: goes with a run's folder, and %s is none", given);
    }
    const int n = snprintf(out, CHECKPOINT_PATH_SIZE, "%s", given);
    return n < 0 || n >= CHECKPOINT_PATH_SIZE ? error_set(LS_EUSAGE, "%s: the path is too long", given) : LS_OK;
}
