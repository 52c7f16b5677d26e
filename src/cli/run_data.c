#include "cli/run_data.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "cli/run_options.h"
#include "cli/which.h"
#include "optim/gradient.h"
#include "store/run_folder.h"

static int find_points(run_data *d)
{
    d->points = calloc(d->measured.count + 1, sizeof *d->points);
    if (d->points == NULL) {
        return error_set(LS_ENOMEM, "out of memory for %zu measurements", d->measured.count);
    }
    for (size_t i = 0; i < d->measured.count; i++) {
        d->points[i] = verdict_point_in(&d->measured, i, &d->saved.optimizer);
    }
    return LS_OK;
}

int run_data_read(run_data *out, const char *dir)
{
    char path[CHECKPOINT_PATH_SIZE];
    *out = (run_data){.dir = dir};
    int code = which_of_run(out->checkpoint, dir, false);
    if (code == LS_OK) {
        code = run_options_of_checkpoint(&out->saved, &out->info, out->checkpoint);
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
    if (code == LS_OK) {
        code = find_points(out);
    }
    if (code == LS_OK) {
        code = runlog_read_start(path, out->start);
    }
    return code == LS_OK ? runlog_read_norms(path, &out->norms) : code;
}

void run_data_release(run_data *d)
{
    config_free(&d->saved);
    checkpoint_info_release(&d->info);
    free(d->epochs);
    series_release(&d->measured);
    free(d->points);
    runlog_norms_release(&d->norms);
    *d = (run_data){0};
}

rate_run run_data_rate_run(const run_data *d)
{
    const uint64_t samples = d->saved.order.batch;
    const uint64_t within = d->info.position / samples;
    return (rate_run){
        .steps_per_epoch = d->info.epoch > 0 ? (d->info.step - within) / d->info.epoch : d->info.step,
        .batch = samples * gradient_batches(&d->saved.optimizer),
    };
}

verdict run_data_verdict(const run_data *d)
{
    const rate_run run = run_data_rate_run(d);
    return verdict_of(d->points, d->measured.count, &d->saved.optimizer, &run);
}

const char *run_data_stand(char *out, size_t size, const run_data *d)
{
    if (d->measured.count == 0) {
        (void)snprintf(out, size, d->saved.model.batch_norm ? "not measured" : "no BatchNorm");
        return out;
    }
    const verdict v = run_data_verdict(d);
    return verdict_text(out, size, &v);
}

const char *run_data_span(char *out, size_t size, double first, double last, int digits)
{
    if (isnan(first) || isnan(last)) {
        (void)snprintf(out, size, "-");
    } else {
        (void)snprintf(out, size, "%.*f -> %.*f", digits, first, digits, last);
    }
    return out;
}
