#include "run/tensorboard.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "store/event_file.h"
#include "store/event_message.h"

struct tensorboard {
    const session *s;                /* not owned */
    event_file *files[EVENT_CURVES]; /* owned; NULL: the run has none of these */
    text_builder values;
    bool told_step, told_sample, told_epoch; /* what these are, which readers need once */
};

/* A figure of a row. */
typedef struct figure {
    const char *tag;
    size_t offset; /* of a double */
    const char *meaning;
} figure;

#define STEP(field, meaning)                                                                                           \
    {                                                                                                                  \
        "step/" #field, offsetof(runlog_step_row, field), meaning                                                      \
    }
#define EPOCH(tag, field, meaning)                                                                                     \
    {                                                                                                                  \
        EVENT_OF_EPOCH tag, offsetof(runlog_epoch_row, field), meaning                                                 \
    }

static const figure step_figures[] = {
    STEP(loss, "cross-entropy of the step's samples, and penalty"),
    STEP(cross_entropy, "mean over the step's samples"),
    STEP(accuracy, "share of the step's samples, before the update"),
    STEP(learning_rate, "of the update"),
};

static const figure train_figures[] = {
    EPOCH("loss", train_loss, "cross-entropy and penalty, mean over the epoch's steps"),
    EPOCH("cross_entropy", train_cross_entropy, "mean over the epoch's steps"),
    EPOCH("accuracy", train_accuracy, "share of the epoch's samples, as its steps went"),
    EPOCH("images_per_second", images_per_second, "in training, of all ranks"),
    EPOCH("mean_abs_weight", mean_abs_weight, "of all weights, after the epoch"),
};

static const figure validation_figures[] = {
    EPOCH("loss", val_loss, "of the validation, cross-entropy and penalty"),
    EPOCH("cross_entropy", val_cross_entropy, "of the validation"),
    EPOCH("accuracy", val_accuracy, "of the validation"),
    EPOCH("top5", val_top5, "share whose class is among the five likeliest"),
    EPOCH("macro_recall", val_macro_recall, "mean over classes of the share that is found"),
    EPOCH("calibration_error", val_calibration_error, "expected calibration error"),
};

static const figure average_figures[] = {
    EPOCH("cross_entropy", ema_val_cross_entropy, "of the averages of the weights"),
    EPOCH("accuracy", ema_val_accuracy, "of the averages of the weights"),
};

#define COUNT(figures) (sizeof(figures) / sizeof *(figures))

static void put_figures(tensorboard *t, const figure *figures, size_t count, const void *row, bool told)
{
    for (size_t i = 0; i < count; i++) {
        const figure *f = &figures[i];
        event_put_scalar(&t->values, f->tag, told ? NULL : f->meaning,
                         *(const double *)(const void *)((const char *)row + f->offset));
    }
}

/* The values so far, to a file; they are dropped where the run has no such curves. */
static int send(tensorboard *t, event_curves curves)
{
    event_file *const f = t->files[curves];
    if (f == NULL) {
        t->values.length = 0;
        return LS_OK;
    }
    return event_file_add(f, t->s->replica.state.step, &t->values);
}

/* From the next step on. Drawn as a block of code. */
static int put_configuration(tensorboard *t, const trainer_options *o)
{
    text_builder text = {0};
    text_add(&text, "lockstep %s\n\n```\n%s```\n", o->program, o->config);
    t->values.failed = t->values.failed || text.failed;
    event_put_text(&t->values, "configuration", text_of(&text));
    text_release(&text);
    return event_file_add(t->files[EVENT_TRAIN], t->s->replica.state.step + 1, &t->values);
}

static int open_files(tensorboard *t, const trainer_options *o)
{
    const state *at = &t->s->replica.state;
    const event_start_point from = {.step = at->step, .epoch_done = at->position == 0};
    const bool validates = dataset_count(t->s->data, DATASET_VAL) > 0;
    const bool wanted[EVENT_CURVES] = {
        [EVENT_TRAIN] = true,
        [EVENT_VALIDATION] = validates,
        [EVENT_AVERAGES] = validates && t->s->options.optimizer.ema.decay > 0,
    };
    int code = LS_OK;
    for (int i = 0; i < EVENT_CURVES && code == LS_OK; i++) {
        code = wanted[i] ? event_file_open(&t->files[i], o->run_dir, (event_curves)i, &from) : LS_OK;
    }
    return code;
}

int tensorboard_open(tensorboard **out, const session *s, const trainer_options *o)
{
    *out = NULL;
    if (!o->log.tensorboard) {
        return LS_OK;
    }
    tensorboard *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return error_set(LS_ENOMEM, "out of memory for event files");
    }
    t->s = s;
    int code = open_files(t, o);
    if (code == LS_OK) {
        code = put_configuration(t, o);
    }
    if (code != LS_OK) {
        saved_error reason; /* which closing must not replace */
        error_save(&reason, code);
        (void)tensorboard_close(t);
        return error_restore(&reason);
    }
    *out = t;
    return LS_OK;
}

size_t tensorboard_paths(const char *out[TENSORBOARD_FILES], const tensorboard *t)
{
    _Static_assert((int)TENSORBOARD_FILES == (int)EVENT_CURVES, "one for each");
    size_t n = 0;
    for (int i = 0; t != NULL && i < EVENT_CURVES; i++) {
        if (t->files[i] != NULL) {
            out[n++] = event_file_path(t->files[i]);
        }
    }
    return n;
}

int tensorboard_step(tensorboard *t, const runlog_step_row *row)
{
    if (t == NULL) {
        return LS_OK;
    }
    put_figures(t, step_figures, COUNT(step_figures), row, t->told_step);
    t->told_step = true;
    return send(t, EVENT_TRAIN);
}

int tensorboard_sample(tensorboard *t, const instrument_row *row, const verdict_point *p, const instrument *by)
{
    if (t == NULL) {
        return LS_OK;
    }
    char tag[TENSOR_NAME_SIZE + 16];
    const tensor_info *const tensors = t->s->replica.state.table->tensors;
    const size_t *const layers = instrument_tensors(by);
    const bool told = t->told_sample;
    event_put_scalar(&t->values, "filters/angle",
                     told ? NULL : "radians that an update turns a filter by, median over layers", p->angle);
    if (p->turn > 0) {
        event_put_scalar(&t->values, "filters/angle_over_balance",
                         told ? NULL : "that over the angle which balances the decay; 1: in balance", p->turn);
    }
    for (size_t i = 0; i < instrument_layers(by); i++) {
        (void)snprintf(tag, sizeof tag, "norm/%s", tensors[layers[i]].layer);
        event_put_scalar(&t->values, tag, told ? NULL : "of a filter, mean over the layer's", row->layers[i].norm);
    }
    t->told_sample = true;
    return send(t, EVENT_TRAIN);
}

int tensorboard_epoch(tensorboard *t, const runlog_epoch_row *row, const char *stand)
{
    if (t == NULL) {
        return LS_OK;
    }
    const bool told = t->told_epoch;
    t->told_epoch = true;
    put_figures(t, train_figures, COUNT(train_figures), row, told);
    if (stand[0] != '\0') {
        event_put_text(&t->values, EVENT_OF_EPOCH "verdict", stand);
    }
    int code = send(t, EVENT_TRAIN);
    if (code == LS_OK) {
        put_figures(t, validation_figures, COUNT(validation_figures), row, told);
        code = send(t, EVENT_VALIDATION);
    }
    if (code == LS_OK) {
        put_figures(t, average_figures, COUNT(average_figures), row, told);
        code = send(t, EVENT_AVERAGES);
    }
    return code == LS_OK ? tensorboard_flush(t) : code;
}

int tensorboard_precise(tensorboard *t, double accuracy)
{
    if (t == NULL) {
        return LS_OK;
    }
    event_put_scalar(&t->values, EVENT_OF_EPOCH "accuracy_precise",
                     "of the validation by re-estimated statistics, where moving ones are far from the data's",
                     accuracy);
    return send(t, EVENT_VALIDATION);
}

int tensorboard_flush(tensorboard *t)
{
    int code = LS_OK;
    for (int i = 0; t != NULL && i < EVENT_CURVES && code == LS_OK; i++) {
        code = t->files[i] != NULL ? event_file_flush(t->files[i]) : LS_OK;
    }
    return code;
}

int tensorboard_close(tensorboard *t)
{
    int code = LS_OK;
    if (t == NULL) {
        return LS_OK;
    }
    for (int i = 0; i < EVENT_CURVES; i++) {
        const int closed = event_file_close(t->files[i]);
        code = code == LS_OK ? closed : code;
    }
    text_release(&t->values);
    free(t);
    return code;
}
