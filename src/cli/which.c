#include "cli/which.h"

#include <stdio.h>

#include "base/error.h"
#include "base/log.h"
#include "io/named.h"
#include "store/file_kind.h"

int which_open_run(run_folder **out, const char *dir)
{
    *out = NULL;
    int code = named_check_folder(dir, "a run's folder");
    if (code == LS_OK) {
        code = run_folder_open(out, dir, NULL, NULL);
    }
    if (code == LS_OK && !run_folder_holds_work(*out)) {
        code = error_set(LS_EUSAGE, "%s: holds no usable checkpoint", dir);
    }
    return code;
}

/* LS_EUSAGE where a path cannot be a checkpoint (io/named.h), or is an intact file of another kind. */
static int check_file(const char *path)
{
    static const char *const kinds[] = {
        [FILE_DATASET] = "a data set",
        [FILE_LOG] = "a log",
        [FILE_KERAS] = "a weights file of Keras",
        [FILE_OTHER] = "an HDF5 file of another kind",
    };
    file_kind kind = FILE_CHECKPOINT;
    const int code = named_check(path);
    if (code != LS_OK || file_kind_of(&kind, path) != LS_OK || kind == FILE_CHECKPOINT) {
        return code; /* whoever reads it reports what is damaged */
    }
    return error_set(LS_EUSAGE, "%s: is %s, not a checkpoint", path, kinds[kind]);
}

int which_check(const char *given)
{
    run_folder *folder = NULL;
    const int code = named_is_folder(given) ? which_open_run(&folder, given) : check_file(given);
    run_folder_close(folder);
    return code;
}

int which_of_run(char out[CHECKPOINT_PATH_SIZE], const char *dir, bool best)
{
    run_folder *folder = NULL;
    int code = which_open_run(&folder, dir);
    if (code == LS_OK) {
        code = best ? run_folder_best(folder, out, CHECKPOINT_PATH_SIZE)
                    : run_folder_newest(folder, out, CHECKPOINT_PATH_SIZE, NULL);
    }
    run_folder_close(folder);
    return code == LS_ENOTFOUND && best ? LS_EUSAGE : code; /* none was validated */
}

int which_checkpoint(char out[CHECKPOINT_PATH_SIZE], const char *given, bool best)
{
    if (named_is_folder(given)) {
        const int code = which_of_run(out, given, best);
        if (code == LS_OK) {
            log_note("%s: %s", best ? "best validation" : "newest checkpoint", out);
        }
        return code;
    }
    if (best) {
        return error_set(LS_EUSAGE, "--best: goes with a run's folder, and %s is none", given);
    }
    const int n = snprintf(out, CHECKPOINT_PATH_SIZE, "%s", given);
    return n < 0 || n >= CHECKPOINT_PATH_SIZE ? error_set(LS_EUSAGE, "%s: the path is too long", given)
                                              : check_file(given);
}
