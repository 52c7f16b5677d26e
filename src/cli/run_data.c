#include "cli/run_data.h"

#include <stdlib.h>

#include "base/error.h"
#include "cli/run_options.h"
#include "cli/which.h"
#include "store/run_folder.h"

int run_data_read(run_data *out, const char *dir)
{
    char path[CHECKPOINT_PATH_SIZE];
    *out = (run_data){.dir = dir};
    int code = which_of_run(path, dir, false);
    if (code == LS_OK) {
        code = run_options_of_checkpoint(&out->saved, &out->info, path);
    }
    if (code == LS_OK) {
        code = run_folder_file(path, sizeof path, dir, "log.h5");
    }
    if (code == LS_OK) {
        code = runlog_read_epochs(path, &out->epochs, &out->count);
    }
    if (code == LS_OK && out->count == 0) {
        code = error_set(LS_ENOTFOUND, "%s: no epoch has been logged yet", path);
    }
    if (code == LS_OK) {
        code = runlog_read_samples(path, &out->measured);
    }
    return code == LS_OK ? runlog_read_norms(path, &out->norms) : code;
}

void run_data_release(run_data *d)
{
    config_free(&d->saved);
    checkpoint_info_release(&d->info);
    free(d->epochs);
    series_release(&d->measured);
    runlog_norms_release(&d->norms);
    *d = (run_data){0};
}

rate_run run_data_rate_run(const run_data *d)
{
    const uint64_t samples = d->saved.order.batch;
    const uint64_t within = d->info.position / samples;
    const size_t batches = d->saved.optimizer.accumulate > 1 ? d->saved.optimizer.accumulate : 1;
    return (rate_run){
        .steps_per_epoch = d->info.epoch > 0 ? (d->info.step - within) / d->info.epoch : d->info.step,
        .batch = samples * batches,
    };
}

int run_data_verdict(verdict *out, const run_data *d)
{
    const series *s = &d->measured;
    const rate_run run = run_data_rate_run(d);
    verdict_point *points = calloc(s->count + 1, sizeof *points);
    if (points == NULL) {
        return error_set(LS_ENOMEM, "out of memory for %zu measurements", s->count);
    }
    for (size_t i = 0; i < s->count; i++) {
        const rate_now now = {s->rates[i], s->shares[i]};
        points[i] = verdict_point_of(s->rows + i * s->layers, s->layers, s->steps[i], &now, &d->saved.optimizer);
    }
    *out = verdict_of(points, s->count, &d->saved.optimizer, &run);
    free(points);
    return LS_OK;
}
