#include "store/metric.h"

#include <stdbool.h>
#include <stddef.h>

#include "store/runlog.h"

#define FIGURE(name, falls)                                                                                            \
    {                                                                                                                  \
#name, offsetof(runlog_epoch_row, name), falls                                                                 \
    }

static const struct {
    const char *name;
    size_t offset; /* in a row */
    bool falls;    /* the smaller is better */
} figures[METRICS] = {
    [METRIC_VAL_ACCURACY] = FIGURE(val_accuracy, false),
    [METRIC_VAL_LOSS] = FIGURE(val_loss, true),
    [METRIC_VAL_CROSS_ENTROPY] = FIGURE(val_cross_entropy, true),
    [METRIC_VAL_TOP5] = FIGURE(val_top5, false),
    [METRIC_VAL_MACRO_RECALL] = FIGURE(val_macro_recall, false),
    [METRIC_VAL_CALIBRATION_ERROR] = FIGURE(val_calibration_error, true),
    [METRIC_EMA_VAL_ACCURACY] = FIGURE(ema_val_accuracy, false),
    [METRIC_EMA_VAL_CROSS_ENTROPY] = FIGURE(ema_val_cross_entropy, true),
    [METRIC_TRAIN_ACCURACY] = FIGURE(train_accuracy, false),
    [METRIC_TRAIN_LOSS] = FIGURE(train_loss, true),
};

const char *metric_name(metric m)
{
    return figures[m].name;
}

double metric_score(metric m, const runlog_epoch_row *row)
{
    return metric_value(m, *(const double *)((const char *)row + figures[m].offset));
}

double metric_value(metric m, double score)
{
    return figures[m].falls ? -score : score;
}
