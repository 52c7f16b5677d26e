#include "train/norms_of.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "instrument/series.h"
#include "store/run_folder.h"
#include "store/runlog_read.h"

bool norms_of_asked(const char *norms_of)
{
    return norms_of != NULL && strcmp(norms_of, "none") != 0;
}

/* Row 0: of the run's start. */
static int put_start(norm_hold *h, const session *s)
{
    state start = {0};
    const int code = session_beginning(&start, s);
    for (size_t k = 0; code == LS_OK && k < h->kernels; k++) {
        h->norms[k] = norm_hold_measure(&start, &h->table->tensors[h->tensors[k]]);
    }
    state_release(&start);
    return code;
}

/* A log that begins with the second update, and ends before the run does by less than its measurements are apart. */
static int check_length(const series *of, const char *path, uint64_t steps)
{
    const uint64_t last = of->count > 0 ? of->steps[of->count - 1] : 0;
    const uint64_t gap = of->count > 1 ? last - of->steps[of->count - 2] : 0;
    if (of->count < 2) {
        return error_set(LS_EUSAGE,
                         "%s: holds no measurements of filters to take norms from; train that run with "
                         "log.instrument=light or full",
                         path);
    }
    return last + gap >= steps
               ? LS_OK
               : error_set(LS_EUSAGE,
                           "%s: `decay.norms_of` has norms up to step %llu, and this run takes %llu; train that run "
                           "for longer, or this one for fewer epochs",
                           path, (unsigned long long)last, (unsigned long long)steps);
}

static int check_layers(const norm_hold *h, const series *of, const char *path)
{
    int same = h->kernels == of->layers;
    for (size_t k = 0; same && k < h->kernels; k++) {
        const tensor_info *t = &h->table->tensors[h->tensors[k]];
        same = strcmp(t->layer, of->names[k]) == 0 && t->size == of->filters[k] * of->sizes[k];
    }
    return same ? LS_OK
                : error_set(LS_EUSAGE, "%s: `decay.norms_of` is a run of another network; give one of this network",
                            path);
}

/* A measurement is of the weights before the update that ended its step. */
static void put_rows(norm_hold *h, const series *of)
{
    for (size_t i = 0; i < of->count; i++) {
        h->steps[i + 1] = of->steps[i] - 1;
        for (size_t k = 0; k < h->kernels; k++) {
            const double mean = of->rows[i * of->layers + k].norm2;
            h->norms[(i + 1) * h->kernels + k] = sqrt(mean * (double)of->filters[k]);
        }
    }
}

/* Rank 0's part where there is a log. */
static int read_log(norm_hold *out, const session *s)
{
    char path[CHECKPOINT_PATH_SIZE];
    series of = {0};
    const uint64_t steps = s->options.train.epochs * loader_steps(s->train);
    int code = run_folder_file(path, sizeof path, s->options.optimizer.decay.norms_of, "log.h5");
    if (code == LS_OK) {
        code = runlog_read_samples(path, &of);
    }
    if (code == LS_ENOTFOUND) {
        code = error_set(LS_EUSAGE,
                         "`decay.norms_of` is %s, which is no run with a log; give a run's folder, start or none",
                         s->options.optimizer.decay.norms_of);
    }
    if (code == LS_OK) {
        code = check_length(&of, path, steps);
    }
    if (code == LS_OK) {
        code = norm_hold_rows(out, model_table(s->replica.net), of.count + 1);
    }
    if (code == LS_OK) {
        code = check_layers(out, &of, path);
    }
    if (code == LS_OK) {
        code = put_start(out, s);
    }
    if (code == LS_OK) {
        put_rows(out, &of);
    }
    series_release(&of);
    return code;
}

/* Each rank has them by itself. */
static int make_filters(norm_hold *out, const session *s)
{
    state start = {0};
    int code = session_beginning(&start, s);
    if (code == LS_OK) {
        code = norm_hold_start(out, &start);
        out->table = model_table(s->replica.net);
    }
    state_release(&start);
    return code;
}

/* What rank 0 has to all. */
static int share(norm_hold *out, const session *s)
{
    uint64_t rows = out->rows;
    int code = comm_broadcast(s->c, &rows, sizeof rows);
    if (code == LS_OK && comm_rank(s->c) != 0) {
        code = norm_hold_rows(out, model_table(s->replica.net), (size_t)rows);
    }
    code = comm_agree(s->c, code);
    if (code == LS_OK) {
        code = comm_broadcast(s->c, out->steps, out->rows * sizeof *out->steps);
    }
    if (code == LS_OK) {
        code = comm_broadcast(s->c, out->norms, out->rows * out->kernels * sizeof *out->norms);
    }
    return comm_or_abort(s->c, code);
}

int norms_of_read(norm_hold *out, const session *s)
{
    *out = (norm_hold){0};
    if (strcmp(s->options.optimizer.decay.norms_of, "start") == 0) {
        return comm_agree(s->c, make_filters(out, s));
    }
    const int code = comm_agree(s->c, comm_rank(s->c) == 0 ? read_log(out, s) : LS_OK);
    return code == LS_OK ? share(out, s) : code;
}
