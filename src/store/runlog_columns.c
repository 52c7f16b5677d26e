#include "store/runlog_columns.h"

#include <math.h>

#include "base/error.h"

#define STEP(name, type, rule)                                                                                         \
    {                                                                                                                  \
        "steps/" #name, type, offsetof(runlog_step_row, name), rule, RUNLOG_PER_STEP, 0, 0                             \
    }
#define EPOCH(name, type, rule, width)                                                                                 \
    {                                                                                                                  \
        "epochs/" #name, type, offsetof(runlog_epoch_row, name), rule, RUNLOG_PER_EPOCH, 0, width                      \
    }
#define LATER_STEP(name, rule)                                                                                         \
    {                                                                                                                  \
        "steps/" #name, H5_FLOAT64, offsetof(runlog_step_row, name), rule, RUNLOG_PER_STEP, 1, 0                       \
    }
#define LATER_EPOCH(name, rule)                                                                                        \
    {                                                                                                                  \
        "epochs/" #name, H5_FLOAT64, offsetof(runlog_epoch_row, name), rule, RUNLOG_PER_EPOCH, 1, 0                    \
    }
#define SPENT(name, kind)                                                                                              \
    {                                                                                                                  \
        "epochs/seconds_" name, H5_FLOAT64, offsetof(runlog_epoch_row, spent[kind]), RUNLOG_MAYBE_FIGURE,              \
            RUNLOG_PER_EPOCH, 1, 0                                                                                     \
    }

const runlog_column runlog_columns[RUNLOG_COLUMNS] = {
    STEP(step, H5_UINT64, RUNLOG_COUNT),
    STEP(loss, H5_FLOAT64, RUNLOG_FIGURE),
    STEP(cross_entropy, H5_FLOAT64, RUNLOG_FIGURE),
    STEP(accuracy, H5_FLOAT64, RUNLOG_SHARE),
    LATER_STEP(learning_rate, RUNLOG_MAYBE_FIGURE),
    EPOCH(epoch, H5_UINT64, RUNLOG_COUNT, 0),
    EPOCH(train_loss, H5_FLOAT64, RUNLOG_FIGURE, 0),
    EPOCH(train_cross_entropy, H5_FLOAT64, RUNLOG_FIGURE, 0),
    EPOCH(train_accuracy, H5_FLOAT64, RUNLOG_SHARE, 0),
    EPOCH(val_loss, H5_FLOAT64, RUNLOG_MAYBE_FIGURE, 0),
    EPOCH(val_cross_entropy, H5_FLOAT64, RUNLOG_MAYBE_FIGURE, 0),
    EPOCH(val_accuracy, H5_FLOAT64, RUNLOG_MAYBE_SHARE, 0),
    EPOCH(images_per_second, H5_FLOAT64, RUNLOG_FIGURE, 0),
    EPOCH(mean_abs_weight, H5_FLOAT64, RUNLOG_FIGURE, 0),
    EPOCH(seconds, H5_FLOAT64, RUNLOG_FIGURE, 0),
    EPOCH(start_step, H5_UINT64, RUNLOG_START, 0),
    EPOCH(start_mean_abs_weight, H5_FLOAT64, RUNLOG_FIGURE, 0),
    LATER_EPOCH(ema_val_cross_entropy, RUNLOG_MAYBE_FIGURE),
    LATER_EPOCH(ema_val_accuracy, RUNLOG_MAYBE_SHARE),
    LATER_EPOCH(val_top5, RUNLOG_MAYBE_SHARE),
    LATER_EPOCH(val_macro_recall, RUNLOG_MAYBE_SHARE),
    LATER_EPOCH(val_calibration_error, RUNLOG_MAYBE_SHARE),
    SPENT("computing", SPENT_COMPUTING),
    SPENT("waiting_for_pictures", SPENT_PICTURES),
    SPENT("waiting_for_ranks", SPENT_SUMS),
    SPENT("validating", SPENT_VALIDATING),
    SPENT("saving", SPENT_SAVING),
    SPENT("other", SPENT_OTHER),
    EPOCH(first_weights, H5_FLOAT64, RUNLOG_WEIGHT, RUNLOG_FIRST_WEIGHTS),
    {"epochs/histogram", H5_FLOAT64, offsetof(runlog_epoch_row, histogram), RUNLOG_MAYBE_FIGURE, RUNLOG_PER_EPOCH, 1,
     HISTOGRAM_BINS},
    {"tensors/norm", H5_FLOAT64, 0, RUNLOG_FIGURE, RUNLOG_PER_EPOCH, 0, RUNLOG_TENSORS},
    {"tensors/mean_abs", H5_FLOAT64, 1, RUNLOG_FIGURE, RUNLOG_PER_EPOCH, 0, RUNLOG_TENSORS},
};

int runlog_has_column(h5_file *f, const runlog_column *k)
{
    return (k->width != RUNLOG_TENSORS && !k->later) || h5_exists(f, k->name);
}

void runlog_fill_unknown(void *cells, size_t n)
{
    double *values = cells;
    for (size_t i = 0; i < n; i++) {
        values[i] = NAN;
    }
}

int runlog_common_rows(h5_file *f, runlog_per per, size_t *rows)
{
    int code = LS_OK;
    h5_shape shape;
    for (size_t i = 0; code == LS_OK && i < RUNLOG_COLUMNS; i++) {
        const runlog_column *k = &runlog_columns[i];
        if (k->per != per || !runlog_has_column(f, k)) {
            continue;
        }
        code = h5_stat(f, k->name, &shape);
        if (code == LS_OK && shape.rank != (k->width == 0 ? 1 : 2)) {
            code =
                error_set(LS_EFORMAT, "%s: %s: is not a %s", h5_path(f), k->name, k->width == 0 ? "column" : "table");
        }
        if (code == LS_OK && shape.dims[0] < *rows) {
            *rows = shape.dims[0];
        }
    }
    return code;
}
