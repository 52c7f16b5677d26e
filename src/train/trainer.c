#include "train/trainer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "store/runlog.h"
#include "train/evaluate.h"
#include "train/overview.h"
#include "train/progress.h"
#include "train/run_folder.h"

enum { LINE_SIZE = 2000 };

typedef struct trainer {
    session s;
    const trainer_options *o; /* not owned */
    session_state at;
    runlog *log;      /* rank 0 only */
    real *population; /* moving_size, with precise validation; else NULL */
    const tensor_info *printed;
} trainer;

/* What an epoch adds up: sums over samples. */
typedef struct epoch_sums {
    double cross_entropy, penalty, correct, samples;
    size_t own_samples; /* of this rank */
    double seconds;
} epoch_sums;

static bool leads(const trainer *t)
{
    return comm_rank(t->s.c) == 0;
}

static int find_printed(trainer *t)
{
    const tensor_table *table = model_table(t->s.net);
    for (size_t i = 0; i < table->layer_count; i++) {
        const layer_info *layer = &table->layers[i];
        if (strcmp(layer->name, t->o->print_layer) == 0 && layer->count > 0) {
            t->printed = &table->tensors[layer->first];
            return LS_OK;
        }
    }
    return error_set(LS_EUSAGE,
                     "log.print_layer: '%s' is not a layer with weights; give one such as conv2d, conv2d_34 or dense",
                     t->o->print_layer);
}

static const real *printed_values(const trainer *t)
{
    return tensor_values(t->printed, t->s.weights, t->s.moving);
}

static void print_weights(const trainer *t, const char *when)
{
    char text[LINE_SIZE];
    const size_t count = t->o->print_count < t->printed->size ? t->o->print_count : t->printed->size;
    if (count > 0) {
        log_info("%s %s %s", when, t->o->print_layer, progress_weights(text, sizeof text, printed_values(t), count));
    }
}

/* Rank 0's files; on other ranks nothing. */
static int open_files(trainer *t)
{
    char path[CHECKPOINT_PATH_SIZE];
    if (!leads(t)) {
        return LS_OK;
    }
    int code = checkpoint_make_dir(t->o->run_dir);
    if (code == LS_OK && t->o->fresh) {
        code = run_folder_clear(t->o->run_dir);
    }
    if (code == LS_OK) {
        code = checkpoint_remove_temporaries(t->o->run_dir);
    }
    if (code == LS_OK) {
        code = run_folder_file(path, sizeof path, t->o->run_dir, "train.log");
    }
    if (code == LS_OK) {
        code = log_open(path);
    }
    if (code == LS_OK) {
        code = run_folder_file(path, sizeof path, t->o->run_dir, "log.h5");
    }
    return code != LS_OK ? code : runlog_open(&t->log, path, model_table(t->s.net), t->at.step, t->at.epoch);
}

/* Whether the restored state can go on with this configuration and data. */
static int check_resumed(const trainer *t)
{
    if (t->at.position % t->o->session.batch != 0) {
        return error_set(LS_EUSAGE, "%s: stands within a batch; resume with the batch size it was made with",
                         t->o->resume);
    }
    if (t->at.data_checksum != dataset_fingerprint(t->s.data)) {
        return error_set(
            LS_EUSAGE,
            "%s: was trained on other data than %s (checksum %016llx, not %016llx); give the data set it was "
            "trained on, or begin a run of another name",
            t->o->resume, dataset_path(t->s.data), (unsigned long long)t->at.data_checksum,
            (unsigned long long)dataset_fingerprint(t->s.data));
    }
    return LS_OK;
}

/* From nothing to the state before the first step. */
static int begin(trainer *t, comm *c)
{
    int code = session_open(&t->s, c, &t->o->session);
    if (code != LS_OK) {
        return code;
    }
    if (t->o->resume != NULL) {
        code = session_load(&t->s, t->o->resume, &t->at);
        code = code == LS_OK ? check_resumed(t) : code;
        if (code != LS_OK) {
            return code;
        }
    } else {
        session_init_weights(&t->s);
    }
    code = find_printed(t);
    if (code == LS_OK && t->o->precise) {
        t->population = calloc(model_table(t->s.net)->moving_size + 1, sizeof *t->population);
        code = t->population == NULL ? error_set(LS_ENOMEM, "out of memory for population statistics") : LS_OK;
    }
    if (code == LS_OK) {
        code = open_files(t);
    }
    return comm_agree(c, code);
}

/* Every rank sees the same figures, so all stop at the same step. */
static int check_loss(const trainer *t, const step_metrics *m)
{
    if (isfinite(m->cross_entropy) && isfinite(m->penalty)) {
        return LS_OK;
    }
    return error_set(LS_ENUMERIC,
                     "step %llu: the loss is not finite (cross-entropy %g, penalty %g); lower train.learning_rate, the "
                     "last checkpoint is kept",
                     (unsigned long long)t->at.step, m->cross_entropy, m->penalty);
}

static void add_figures(epoch_sums *sums, const batch *b, const step_metrics *m)
{
    sums->own_samples += b->samples;
    sums->cross_entropy += m->cross_entropy * m->samples;
    sums->penalty += m->penalty * m->samples;
    sums->correct += m->correct;
    sums->samples += m->samples;
}

static int log_step(trainer *t, const step_metrics *m)
{
    if (!leads(t)) {
        return LS_OK;
    }
    const runlog_step_row row = {
        .step = t->at.step,
        .loss = m->cross_entropy + m->penalty,
        .cross_entropy = m->cross_entropy,
        .accuracy = m->correct / m->samples,
    };
    return runlog_step(t->log, &row);
}

/*
 * What one rank alone finds out, in *news (a picture that cannot be read, a log that cannot be written), becomes
 * everybody's in the next step; what this returns is everybody's already.
 */
static int take_step(trainer *t, epoch_sums *sums, const batch *b, int *news)
{
    session *s = &t->s;
    step_metrics m;
    int code = session_collective(s, step_train(s->steps, b, s->weights, s->moving, news, &m));
    if (code != LS_OK || *news != LS_OK) {
        return code != LS_OK ? code : *news;
    }
    t->at.step++;
    code = check_loss(t, &m);
    if (code == LS_OK) {
        add_figures(sums, b, &m);
        *news = log_step(t, &m);
    }
    return code;
}

static int train_steps(trainer *t, epoch_sums *sums)
{
    session *s = &t->s;
    const size_t first = (size_t)(t->at.position / s->options.batch);
    progress shown;
    batch b;
    int news = LS_OK;
    int code = comm_agree(s->c, loader_start_epoch(s->train, t->at.epoch, first));
    if (code != LS_OK) {
        return code;
    }
    progress_start(&shown, t->at.epoch + 1, t->o->epochs, loader_steps(s->train), first, t->o->log_every_steps);
    for (size_t done = first + 1; code == LS_OK; done++) {
        const int got = loader_next(s->train, &b);
        if (got == 0) {
            break;
        }
        news = got < 0 ? got : news;
        code = take_step(t, sums, &b, &news);
        if (code == LS_OK) {
            progress_step(&shown, done, sums->samples, (sums->cross_entropy + sums->penalty) / sums->samples);
        }
    }
    log_progress_end();
    sums->seconds = clock_seconds() - shown.started;
    return code != LS_OK ? code : comm_agree(s->c, news);
}

static int average_local(trainer *t, const epoch_sums *sums)
{
    double drift = 0;
    if (!t->s.options.batch_norm || t->s.options.sync_bn) {
        return LS_OK;
    }
    const int code = session_collective(&t->s, step_average_moving(t->s.steps, t->s.moving, sums->own_samples, &drift));
    if (code == LS_OK) {
        log_info("moving statistics averaged over ranks, largest difference %.6g", drift);
    }
    return code;
}

static int validate(trainer *t, evaluation *out)
{
    if (t->population == NULL || !t->s.options.batch_norm || loader_steps(t->s.val) == 0) {
        return evaluate_split(&t->s, t->s.moving, NULL, out);
    }
    const int code = evaluate_population(&t->s, t->at.epoch, t->o->precise_batches, t->population);
    return code != LS_OK ? code : evaluate_split(&t->s, t->population, NULL, out);
}

/* Rank 0's part of saving. */
static int write_checkpoint(const trainer *t)
{
    char path[CHECKPOINT_PATH_SIZE];
    const session *s = &t->s;
    checkpoint_info info = {
        .epoch = t->at.epoch,
        .step = t->at.step,
        .position = t->at.position,
        .seed = s->options.seed,
        .height = s->options.height,
        .width = s->options.width,
        .batch_norm = s->options.batch_norm,
        .data_checksum = dataset_fingerprint(s->data),
        .config = t->o->config,
        .experiment = t->o->experiment,
        .normalization = t->o->normalization,
        .program = t->o->program,
        .class_count = dataset_classes(s->data),
    };
    const char **classes = malloc(info.class_count * sizeof *classes);
    if (classes == NULL) {
        return error_set(LS_ENOMEM, "out of memory for a checkpoint");
    }
    for (size_t i = 0; i < info.class_count; i++) {
        classes[i] = dataset_class_name(s->data, i);
    }
    info.classes = (char **)classes; /* writing only reads them */
    int code = checkpoint_path(path, sizeof path, t->o->run_dir, t->at.step);
    if (code == LS_OK) {
        code = checkpoint_write(path, model_table(s->net), s->weights, s->moving, &info);
    }
    if (code == LS_OK) {
        code = run_folder_prune(t->o->run_dir, t->o->checkpoint_keep);
    }
    free(classes);
    return code;
}

static int write_epoch(trainer *t, const runlog_epoch_row *row)
{
    if (!leads(t)) {
        return LS_OK;
    }
    const int code = runlog_epoch(t->log, row, t->s.weights);
    const bool due = t->at.epoch % t->o->checkpoint_every == 0 || t->at.epoch == t->o->epochs;
    return code == LS_OK && due ? write_checkpoint(t) : code;
}

/* What the row holds of the state before the epoch's first step. */
static void open_epoch(const trainer *t, runlog_epoch_row *row)
{
    const real *values = printed_values(t);
    for (size_t i = 0; i < RUNLOG_FIRST_WEIGHTS; i++) {
        row->first_weights[i] = i < t->printed->size ? (double)values[i] : NAN;
    }
    row->start_step = t->at.step;
    row->start_mean_abs_weight = tensor_table_mean_abs(model_table(t->s.net), t->s.weights);
}

/* The line of an epoch, counted from 1, and its row of the log. */
static void close_epoch(const trainer *t, const epoch_sums *sums, const evaluation *val, runlog_epoch_row *row)
{
    row->epoch = t->at.epoch;
    row->train_cross_entropy = sums->cross_entropy / sums->samples;
    row->train_loss = (sums->cross_entropy + sums->penalty) / sums->samples;
    row->train_accuracy = sums->correct / sums->samples;
    row->val_loss = val->loss;
    row->val_cross_entropy = val->cross_entropy;
    row->val_accuracy = val->accuracy;
    row->seconds = sums->seconds;
    row->images_per_second = sums->seconds > 0 ? sums->samples / sums->seconds : 0;
    row->mean_abs_weight = tensor_table_mean_abs(model_table(t->s.net), t->s.weights);
    char validation[128] = "";
    if (val->samples > 0) {
        (void)snprintf(validation, sizeof validation, " val_loss %.4f val_ce %.4f val_acc %.4f", val->loss,
                       val->cross_entropy, val->accuracy);
    }
    log_info("epoch %llu/%llu loss %.4f ce %.4f acc %.4f%s %.1f images/s mean|w| %.4f", (unsigned long long)row->epoch,
             (unsigned long long)t->o->epochs, row->train_loss, row->train_cross_entropy, row->train_accuracy,
             validation, row->images_per_second, row->mean_abs_weight);
}

static int run_epoch(trainer *t)
{
    epoch_sums sums = {0};
    evaluation val = {0};
    runlog_epoch_row row = {0};
    char when[64];
    (void)snprintf(when, sizeof when, "epoch %llu/%llu starts with", (unsigned long long)t->at.epoch + 1,
                   (unsigned long long)t->o->epochs);
    print_weights(t, when);
    open_epoch(t, &row);
    int code = train_steps(t, &sums);
    if (code == LS_OK) {
        code = average_local(t, &sums);
    }
    if (code == LS_OK) {
        code = validate(t, &val);
    }
    if (code != LS_OK) {
        return code;
    }
    t->at.epoch++;
    t->at.position = 0;
    close_epoch(t, &sums, &val, &row);
    code = comm_agree(t->s.c, write_epoch(t, &row));
    return code != LS_OK ? code : comm_same(t->s.c, session_hash(&t->s), "the weights' hash");
}

int trainer_run(comm *c, const trainer_options *options)
{
    trainer t = {.o = options};
    int code = begin(&t, c);
    if (code != LS_OK) {
        goto cleanup;
    }
    overview_print(&t.s, options);
    if (options->resume != NULL) {
        log_info("resumed from %s: epochs done %llu, steps %llu", options->resume, (unsigned long long)t.at.epoch,
                 (unsigned long long)t.at.step);
    }
    while (code == LS_OK && t.at.epoch < options->epochs) {
        code = run_epoch(&t);
    }
    if (code != LS_OK) {
        goto cleanup;
    }
    print_weights(&t, "training ends with");
    if (leads(&t)) {
        code = runlog_close(t.log);
        t.log = NULL;
    }
    code = comm_agree(c, code);
    if (code == LS_OK) {
        log_info("weights %016llx", (unsigned long long)session_hash(&t.s));
    }
cleanup:
    if (t.log != NULL) {
        char said[1024]; /* closing must not replace the reason of the failure */
        (void)snprintf(said, sizeof said, "%s", error_message());
        (void)runlog_close(t.log);
        (void)error_set(code, "%s", said);
    }
    free(t.population);
    session_close(&t.s);
    return code;
}
