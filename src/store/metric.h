#ifndef LOCKSTEP_STORE_METRIC_H
#define LOCKSTEP_STORE_METRIC_H

struct runlog_epoch_row;

/* Figures of an epoch's row by which one epoch may be better than another. Numbers are those of files: add at the end.
 */
typedef enum metric {
    METRIC_VAL_ACCURACY,
    METRIC_VAL_LOSS,
    METRIC_VAL_CROSS_ENTROPY,
    METRIC_VAL_TOP5,
    METRIC_VAL_MACRO_RECALL,
    METRIC_VAL_CALIBRATION_ERROR,
    METRIC_EMA_VAL_ACCURACY,
    METRIC_EMA_VAL_CROSS_ENTROPY,
    METRIC_TRAIN_ACCURACY,
    METRIC_TRAIN_LOSS,
    METRICS
} metric;

/* As the column of /epochs is called. */
const char *metric_name(metric m);

/* The figure, turned so that the larger is better; NaN where the row has none. */
double metric_score(metric m, const struct runlog_epoch_row *row);

/* The figure that a score is of. */
double metric_value(metric m, double score);

#endif
