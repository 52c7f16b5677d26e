#include "cli/start.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "cli/run_options.h"
#include "cli/which.h"
#include "data/dataset.h"
#include "io/named.h"

/* LS_EUSAGE unless a run of this configuration may go on from the checkpoint; *step gets the one it stands at. */
static int check_same(const config *wanted, start *out, uint64_t *step)
{
    char keys[768];
    const char *const path = out->checkpoint;
    config saved;
    checkpoint_info info;
    int code = run_options_of_checkpoint(&saved, &info, path);
    if (code == LS_OK && config_difference(&saved, wanted, keys, sizeof keys) > 0) {
        code = error_set(LS_EUSAGE,
                         "%s: was made with another configuration: %s; restore these keys, or start over with --fresh",
                         path, keys);
    }
    *step = info.step;
    out->origin = info.origin;
    out->done = train_is_over(&wanted->train, info.epoch, info.best_epoch);
    config_free(&saved);
    checkpoint_info_release(&info);
    return code;
}

/* Going on from an older checkpoint than the run's newest would leave two histories in one folder. */
static int check_newest(run_folder *folder, const char *run_dir, const char *path, uint64_t step)
{
    char there[CHECKPOINT_PATH_SIZE];
    uint64_t newest = 0;
    const int code = run_folder_newest(folder, there, sizeof there, &newest);
    if (code == LS_ENOTFOUND) {
        return LS_OK;
    }
    if (code == LS_OK && newest > step) {
        return error_set(LS_EUSAGE,
                         "%s: stands at step %llu, but %s has checkpoints up to step %llu; resume from those with "
                         "--resume auto, or move them away first",
                         path, (unsigned long long)step, run_dir, (unsigned long long)newest);
    }
    return code;
}

static int choose_latest(start *out, run_folder *folder, const char *run_dir)
{
    const int code = run_folder_newest(folder, out->checkpoint, sizeof out->checkpoint, NULL);
    if (code != LS_ENOTFOUND) {
        out->resumes = code == LS_OK;
        return code;
    }
    if (run_folder_holds_work(folder)) {
        return error_set(LS_EUSAGE, "%s: holds %zu checkpoints, none of which can be used; start over with --fresh",
                         run_dir, run_folder_count(folder));
    }
    log_info("%s: holds no checkpoint to resume from, so training starts from the beginning", run_dir);
    return LS_OK;
}

/* A checkpoint, or the folder of a run, which stands for its newest usable one. */
static int choose_named(start *out, const char *resume)
{
    out->resumes = true;
    if (named_is_folder(resume)) {
        const int code = which_of_run(out->checkpoint, resume, false);
        return code == LS_ENOTFOUND ? LS_EUSAGE : code;
    }
    const int n = snprintf(out->checkpoint, sizeof out->checkpoint, "%s", resume);
    return n < 0 || (size_t)n >= sizeof out->checkpoint ? error_set(LS_EUSAGE, "--resume: the path is too long")
                                                        : LS_OK;
}

int start_check_named(const config *wanted, const char *resume)
{
    const int code = dataset_check_place(wanted->data.file);
    return code != LS_OK || resume == NULL || strcmp(resume, "auto") == 0 ? code : which_check(resume);
}

int start_choose(start *out, run_folder *folder, const config *wanted, const char *run_dir, const char *resume,
                 bool fresh)
{
    const size_t held = run_folder_count(folder);
    uint64_t step = 0;
    int code = LS_OK;
    *out = (start){0};
    if (fresh) {
        return LS_OK;
    }
    if (resume == NULL) {
        return !run_folder_holds_work(folder)
                   ? LS_OK
                   : error_set(LS_EUSAGE,
                               "%s: holds %zu checkpoint%s; continue with --resume auto or start over with --fresh",
                               run_dir, held, held == 1 ? "" : "s");
    }
    if (strcmp(resume, "auto") == 0) {
        code = choose_latest(out, folder, run_dir);
    } else {
        code = choose_named(out, resume);
    }
    if (code == LS_OK && out->resumes) {
        code = check_same(wanted, out, &step);
    }
    /* What `auto` passes over is damaged, and will be written again. */
    return code == LS_OK && strcmp(resume, "auto") != 0 ? check_newest(folder, run_dir, out->checkpoint, step) : code;
}
