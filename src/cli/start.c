#include "cli/start.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "cli/run_options.h"
#include "train/run_folder.h"

/* LS_EUSAGE unless a run of this configuration may go on from the checkpoint. */
static int check_same(const config *wanted, const char *path)
{
    char keys[768];
    config saved;
    checkpoint_info info;
    int code = run_options_of_checkpoint(&saved, &info, path);
    if (code == LS_OK && config_difference(&saved, wanted, keys, sizeof keys) > 0) {
        code = error_set(LS_EUSAGE,
                         "%s: was made with another configuration: %s; restore these keys, or start over with --fresh",
                         path, keys);
    }
    config_free(&saved);
    checkpoint_info_release(&info);
    return code;
}

static int choose_latest(start *out, const char *run_dir, size_t held)
{
    const int code = held == 0 ? LS_ENOTFOUND : checkpoint_latest(out->checkpoint, sizeof out->checkpoint, run_dir);
    if (code != LS_ENOTFOUND) {
        out->resumes = code == LS_OK;
        return code;
    }
    if (held > 0) {
        return error_set(LS_EFORMAT, "%s: holds %zu checkpoints, none of which can be used; start over with --fresh",
                         run_dir, held);
    }
    log_info("%s: holds no checkpoint to resume from, so training starts from the beginning", run_dir);
    return LS_OK;
}

int start_choose(start *out, const config *wanted, const char *run_dir, const char *resume, bool fresh)
{
    size_t held = 0;
    *out = (start){0};
    int code = fresh ? LS_OK : run_folder_checkpoints(run_dir, &held);
    if (code != LS_OK || fresh) {
        return code;
    }
    if (resume == NULL) {
        return held == 0
                   ? LS_OK
                   : error_set(LS_EUSAGE,
                               "%s: holds %zu checkpoint%s; continue with --resume auto or start over with --fresh",
                               run_dir, held, held == 1 ? "" : "s");
    }
    if (strcmp(resume, "auto") == 0) {
        code = choose_latest(out, run_dir, held);
    } else {
        const int n = snprintf(out->checkpoint, sizeof out->checkpoint, "%s", resume);
        out->resumes = true;
        code = n < 0 || (size_t)n >= sizeof out->checkpoint ? error_set(LS_EUSAGE, "--resume: the path is too long")
                                                            : LS_OK;
    }
    return code == LS_OK && out->resumes ? check_same(wanted, out->checkpoint) : code;
}
