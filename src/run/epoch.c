#include "run/epoch.h"

#include <math.h>
#include <stdio.h>

#include "base/log.h"

_Static_assert((int)CHECKPOINT_FIRST_WEIGHTS == (int)RUNLOG_FIRST_WEIGHTS, "a checkpoint holds what a row needs");

void epoch_open(checkpoint_epoch *now, const state *s, const tensor_info *watched)
{
    const real *values = state_values(s, watched);
    *now = (checkpoint_epoch){
        .start_step = s->step,
        .start_mean_abs_weight = tensor_table_mean_abs(s->table, state_weights(s)),
    };
    for (size_t i = 0; i < CHECKPOINT_FIRST_WEIGHTS; i++) {
        now->first_weights[i] = i < watched->size ? (double)values[i] : NAN;
    }
}

void epoch_add(checkpoint_epoch *now, const step_metrics *m)
{
    now->cross_entropy += m->cross_entropy * m->samples;
    now->penalty += m->penalty * m->samples;
    now->correct += m->correct;
    now->samples += m->samples;
}

epoch_validation epoch_no_validation(void)
{
    return (epoch_validation){evaluation_of_none(), evaluation_of_none(), NAN};
}

runlog_epoch_row epoch_row(const checkpoint_epoch *now, const state *s, const epoch_validation *val)
{
    runlog_epoch_row row = {
        .epoch = s->epoch,
        .train_loss = (now->cross_entropy + now->penalty) / now->samples,
        .train_cross_entropy = now->cross_entropy / now->samples,
        .train_accuracy = now->correct / now->samples,
        .val_loss = val->weights.loss,
        .val_cross_entropy = val->weights.cross_entropy,
        .val_accuracy = val->weights.accuracy,
        .val_top5 = val->weights.top5,
        .val_macro_recall = val->weights.macro_recall,
        .val_calibration_error = val->weights.calibration_error,
        .ema_val_cross_entropy = val->averages.cross_entropy,
        .ema_val_accuracy = val->averages.accuracy,
        .images_per_second = now->seconds > 0 ? now->samples / now->seconds : 0,
        .mean_abs_weight = tensor_table_mean_abs(s->table, state_weights(s)),
        .seconds = now->seconds,
        .start_step = now->start_step,
        .start_mean_abs_weight = now->start_mean_abs_weight,
    };
    for (size_t i = 0; i < RUNLOG_FIRST_WEIGHTS; i++) {
        row.first_weights[i] = now->first_weights[i];
    }
    return row;
}

void epoch_print(const runlog_epoch_row *row, uint64_t epochs)
{
    char validation[128] = "";
    char averages[64] = "";
    if (!isnan(row->val_accuracy)) {
        (void)snprintf(validation, sizeof validation, " val_loss %.4f val_ce %.4f val_acc %.4f", row->val_loss,
                       row->val_cross_entropy, row->val_accuracy);
    }
    if (!isnan(row->ema_val_accuracy)) {
        (void)snprintf(averages, sizeof averages, " ema_ce %.4f ema_acc %.4f", row->ema_val_cross_entropy,
                       row->ema_val_accuracy);
    }
    log_info("epoch %llu/%llu loss %.4f ce %.4f acc %.4f%s%s %.1f images/s mean|w| %.4f",
             (unsigned long long)row->epoch, (unsigned long long)epochs, row->train_loss, row->train_cross_entropy,
             row->train_accuracy, validation, averages, row->images_per_second, row->mean_abs_weight);
}
