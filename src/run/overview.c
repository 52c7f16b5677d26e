#include "run/overview.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "network/freeze.h"
#include "run/stages.h"
#include "train/memory_plan.h"

enum { SHOWN_CLASSES = 10 };

static void print_experiment(const session *s, const trainer_options *o)
{
    const session_options *so = &s->options;
    char norm[160] = "no BatchNorm";
    if (so->network.batch_norm) {
        (void)snprintf(norm, sizeof norm, "BatchNorm (%s, validated by %s statistics, %s moving variance)",
                       so->norm.mode == BATCH_NORM_SYNC ? "over the global batch" : "each rank by itself",
                       so->norm.evaluate == BATCH_NORM_PRECISE ? "re-estimated" : "moving",
                       so->norm.moving_variance == BATCH_NORM_UNBIASED ? "unbiased" : "biased");
    }
    if (so->optimizer.l2 > 0) {
        log_info("experiment  %s: %s, L2 with c %g", o->experiment, norm, so->optimizer.l2);
    } else {
        log_info("experiment  %s: %s, no L2", o->experiment, norm);
    }
}

static void print_data(const session *s)
{
    text_builder names = {0};
    char tests[48] = "";
    const size_t classes = dataset_classes(s->data);
    const size_t test = dataset_count(s->data, DATASET_TEST);
    if (test > 0) {
        (void)snprintf(tests, sizeof tests, ", %zu to test", test);
    }
    for (size_t i = 0; i < classes && i < SHOWN_CLASSES; i++) {
        text_add(&names, "%s%s", i == 0 ? "" : ", ", dataset_class_name(s->data, i));
    }
    log_info("data set    %s: %zu pictures to train, %zu to validate%s; %zu classes: %s%s", dataset_path(s->data),
             dataset_count(s->data, DATASET_TRAIN), dataset_count(s->data, DATASET_VAL), tests, classes,
             text_of(&names), classes > SHOWN_CLASSES ? ", ..." : "");
    text_release(&names);
    if (s->staged.copies > 0) {
        log_info("copies      in %s on %d of %d node%s: %.1f MiB, ready after %.1f s", s->options.data.stage,
                 s->staged.copies, s->staged.nodes, s->staged.nodes == 1 ? "" : "s", (double)s->staged.bytes / 1048576,
                 s->staged.seconds);
    }
}

/* What is not as other programs would have it is said. */
static void print_orientation(const session *s)
{
    const bool turns = session_turns(s);
    const uint64_t turned = dataset_turned(s->data);
    if (!dataset_turns(s->data)) {
        log_info("orientation the data set was packed before orientation tags were looked at; its pictures are %s",
                 turns ? "turned as their tags say (data.orientation: apply)"
                       : "used as they are stored, until it is packed again");
    } else if (!turns && turned > 0) {
        log_info("orientation %llu picture%s with an orientation tag are used as stored (data.orientation: ignore)",
                 (unsigned long long)turned, turned == 1 ? "" : "s");
    }
}

static void print_frozen(const session *s)
{
    const train_options *o = &s->options.train;
    const tensor_table *t = model_table(s->replica.net);
    char until[48] = "";
    size_t trained = 0;
    if (freeze_is_none(o->freeze)) {
        return;
    }
    for (size_t i = 0; i < t->count; i++) {
        trained += t->tensors[i].trainable ? t->tensors[i].size : 0;
    }
    if (o->unfreeze_at > 0) {
        (void)snprintf(until, sizeof until, ", until epoch %llu is over", (unsigned long long)o->unfreeze_at);
    }
    log_info("frozen      %s%s; %zu of the parameters are trained", o->freeze, until, trained);
}

void overview_print(const session *s, const trainer_options *o)
{
    const session_options *so = &s->options;
    const tensor_table *t = model_table(s->replica.net);
    const int ranks = comm_size(s->c);
    const size_t shards = (so->order.batch + so->order.shard_size - 1) / so->order.shard_size;
    memory_plan memory = {0};
    (void)memory_plan_of(&memory, so, dataset_classes(s->data), ranks);
    log_info("run         %s", o->run_dir);
    print_experiment(s, o);
    print_data(s);
    print_orientation(s);
    log_info("network     %s on %zux%zux3: %zu variables, %zu parameters and %zu moving statistics, " REAL_NAME "%s",
             model_name(s->replica.net), so->data.width, so->data.height, t->count, t->weights_size, t->moving_size,
             so->network.precision == PRECISION_MIXED ? ", bf16 between layers" : "");
    print_frozen(s);
    stages_print_ends(so);
    log_info("machine     %d rank%s of %d thread%s, kernels %s, %.1f MiB planned a rank", ranks, ranks == 1 ? "" : "s",
             so->train.threads, so->train.threads == 1 ? "" : "s", model_kernels(s->replica.net),
             (double)memory.total / 1048576);
    if ((size_t)ranks > shards) {
        log_warn(
            "%d ranks share %zu shards a batch, so some have nothing to do; raise train.batch or lower train.shard",
            ranks, shards);
    }
    log_info(
        "training    %llu epochs of %zu steps, batch %zu in %zu shards of %zu, %s with learning rate %g, seed %llu",
        (unsigned long long)o->session.train.epochs, loader_steps(s->train), so->order.batch, shards,
        so->order.shard_size, optimizer_of(&so->optimizer)->name, so->optimizer.learning_rate,
        (unsigned long long)so->order.seed);
}

void overview_print_start(const session *s, const trainer_options *o)
{
    const unsigned long long done = s->replica.state.epoch;
    const unsigned long long wanted = o->session.train.epochs;
    if (o->resume != NULL) {
        log_info("resumed from %s: epochs done %llu, steps %llu", o->resume, done,
                 (unsigned long long)s->replica.state.step);
    }
    if (o->resume != NULL && done == wanted) {
        log_info("all %llu epochs are done; raise train.epochs to go on", wanted);
    } else if (o->resume != NULL && done > wanted) {
        log_info("%llu epochs are done, more than the %llu of train.epochs; raise it to go on", done, wanted);
    } else if ((o->checkpoint.keep_best > 0 || o->session.train.patience > 0) && loader_steps(s->val) == 0 &&
               strstr(metric_name(o->checkpoint.best_by), "val_") != NULL) {
        log_warn(
            "checkpoint.keep_best and train.patience have nothing to go by: %s holds no validation pictures; pack it "
            "with --val-fraction to have some, or set checkpoint.best_by to train_loss",
            dataset_path(s->data));
    }
}
