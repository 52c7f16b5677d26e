#include "train/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/watch.h"
#include "optim/average.h"
#include "optim/gradient.h"
#include "train/class_weights.h"
#include "train/features.h"
#include "train/first_weights.h"
#include "train/memory_check.h"
#include "train/memory_plan.h"
#include "train/placement.h"

/* Shards of the largest part of a batch that any rank can get. */
static size_t most_shards(const order_options *o, int ranks)
{
    const size_t total = (o->batch + o->shard_size - 1) / o->shard_size;
    return (total + (size_t)ranks - 1) / (size_t)ranks;
}

resolution session_input(const session_options *o)
{
    return (resolution){o->data.height, o->data.width};
}

resolution session_resolution(const session_options *o, uint64_t epoch)
{
    return resolution_of_epoch(&o->data.resolution, session_input(o), epoch);
}

model_options session_network(const session_options *o, size_t classes, int ranks)
{
    const resolution input = session_input(o);
    const resolution most = o->training ? resolution_room(&o->data.resolution, input) : input;
    return (model_options){
        .height = most.height,
        .width = most.width,
        .classes = classes,
        .network = o->network,
        .norm = o->norm,
        .loss = {.label_smoothing = o->loss.label_smoothing},
        .freeze = o->training ? o->train.freeze : NULL,
        .rate_decay = o->train.rate_decay == 1 ? 0 : o->train.rate_decay,
        .thaws = o->training && o->train.unfreeze_at > 0,
        .seed = o->order.seed,
        .shard_size = o->order.shard_size,
        .max_shards = most_shards(&o->order, ranks),
        .training = o->training,
    };
}

size_t session_slots(state_slot out[STATE_MOST_SLOTS], const session_options *o)
{
    if (o->training) {
        return optimizer_slots(out, &o->optimizer);
    }
    return o->averages ? average_slots(out, &o->optimizer) : 0;
}

rate_run session_rate_run(const session_options *o, size_t samples)
{
    const order_options *by = &o->order;
    return (rate_run){
        .steps_per_epoch = order_steps(samples, by->batch, by->steps_per_epoch),
        .batch = by->batch * gradient_batches(&o->optimizer),
    };
}

size_t session_read_ahead(const session_options *o, dataset *data, int ranks)
{
    loader_options l = session_train_loader(o, 0, ranks);
    l.data = data;
    return (o->training || o->estimates) && dataset_memory(data) == 0 ? loader_read_ahead(&l) : 0;
}

/* Of the data set, which is open, and of what will be planned; options that no network can have are refused later. */
static int check_memory(const session *s)
{
    memory_plan plan = {0};
    const session_options *o = &s->options;
    memory_need need = {.held = dataset_memory(s->data) + features_memory(o, s->data)};
    if (memory_plan_of(&plan, o, dataset_classes(s->data), comm_size(s->c)) == LS_OK) {
        need.planned = plan.total + session_read_ahead(o, s->data, comm_size(s->c));
    }
    return memory_check(s->c, &need, memory_plan_advice(o));
}

step_options session_step(const session *s)
{
    const session_options *o = &s->options;
    step_options step = {
        .optimizer = o->optimizer,
        .run = session_rate_run(o, dataset_count(s->data, DATASET_TRAIN)),
        .sync_bn = o->norm.mode == BATCH_NORM_SYNC,
    };
    step.slot_count = session_slots(step.slots, o);
    return step;
}

static int make_network(session *s)
{
    const session_options *o = &s->options;
    model_options m = session_network(o, dataset_classes(s->data), comm_size(s->c));
    const step_options step = session_step(s);
    if (m.classes < 2) {
        return error_set(LS_EUSAGE, "%s: has one class only; a network needs at least two to tell apart", o->data.file);
    }
    const int code = o->training ? class_weights_of(&s->class_weights, o->loss.class_weights, s->data) : LS_OK;
    m.loss.class_weights = s->class_weights;
    return code != LS_OK ? code : replica_create(&s->replica, &m, o->train.threads, s->c, &step);
}

loader_options session_loader(const session_options *o, int rank, int ranks)
{
    loader_options l = {.split = o->split, .order = o->order, .rank = rank, .size = ranks};
    l.input = data_options_plain(o->data); /* also where it is the training split that is evaluated */
    l.order.shuffle = false;
    l.order.steps_per_epoch = 0;
    return l;
}

int session_resize(session *s, resolution size)
{
    const int code = model_resize(s->replica.net, size.height, size.width);
    return code == LS_OK && s->train != NULL ? loader_resize(s->train, size) : code;
}

int session_beginning(state *out, const session *s)
{
    char text[FIRST_WEIGHTS_TEXT];
    const state *now = &s->replica.state;
    int code = state_create(out, model_table(s->replica.net), NULL, 0);
    if (code == LS_OK && now->step == 0) { /* it is at hand */
        memcpy(state_weights(out), state_weights(now), now->vectors[STATE_WEIGHTS].size * sizeof(real));
        memcpy(state_moving(out), state_moving(now), now->vectors[STATE_MOVING].size * sizeof(real));
        return LS_OK;
    }
    if (code == LS_OK) {
        model_init(out, s->options.order.seed);
    }
    if (code == LS_OK && train_has_weights(&s->options.train)) {
        code = first_weights_read(out, s->options.train.weights, s->data, text);
    }
    return code == LS_OK || code == LS_ENOMEM
               ? code
               : error_prefix(code, "the weights that the run began with are needed to measure its filters "
                                    "(log.instrument)");
}

loader_options session_train_loader(const session_options *o, int rank, int ranks)
{
    loader_options l = {.split = DATASET_TRAIN, .input = o->data, .order = o->order, .rank = rank, .size = ranks};
    if (!o->training) {
        l.input.resolution = (resolution_options){0}; /* statistics are estimated as pictures are validated */
    }
    return l;
}

bool session_turns(const session *s)
{
    const orientation_use use = s->options.data.orientation;
    return use == ORIENTATION_AUTO ? dataset_turns(s->data) : use == ORIENTATION_APPLY;
}

static int make_loaders(session *s)
{
    const session_options *o = &s->options;
    loader_options l = session_loader(o, comm_rank(s->c), comm_size(s->c));
    l.data = s->data;
    l.turn = session_turns(s);
    l.features = s->features != NULL ? &s->of_others : NULL;
    const int code = o->estimates ? LS_OK : loader_create(&s->val, &l);
    if (code != LS_OK || (!o->training && !o->estimates)) {
        return code;
    }
    loader_options of_training = session_train_loader(o, l.rank, l.size);
    of_training.data = l.data;
    of_training.turn = l.turn;
    of_training.features = s->features != NULL ? &s->of_training : NULL;
    return loader_create(&s->train, &of_training);
}

/* Free those that there are and make others: with features, or without. */
static int change_loaders(session *s)
{
    loader_free(s->val);
    loader_free(s->train);
    s->val = s->train = NULL;
    return make_loaders(s);
}

int session_use_features(session *s, real *values, size_t variants)
{
    const size_t width = model_features(s->replica.net);
    const size_t before = variants * dataset_count(s->data, DATASET_TRAIN) * width;
    s->features = values;
    s->of_training = (feature_table){values, width, variants};
    s->of_others = (feature_table){values + before, width, 1};
    return change_loaders(s);
}

/* From this epoch on other layers are trained: the optimizer begins anew, where it is not resumed in the middle of
 * that. */
static int unfreeze(session *s, uint64_t epoch)
{
    const train_options *o = &s->options.train;
    state *st = &s->replica.state;
    if (!train_has_thawed(o, epoch) || s->unfrozen) {
        return LS_OK;
    }
    step_options step = session_step(s);
    const uint64_t first = o->unfreeze_at * loader_steps(s->train);
    step.optimizer.updates_before = gradient_updates(&step.optimizer, first);
    step.optimizer.learning_rate = o->unfreeze_rate > 0 ? o->unfreeze_rate : step.optimizer.learning_rate;
    int code = model_freeze(s->replica.net, train_frozen_in(o, epoch));
    if (code == LS_OK) {
        code = stepper_skip_frozen(s->replica.steps);
    }
    if (code == LS_OK && s->features != NULL) {
        free(s->features);
        s->features = NULL;
        code = change_loaders(s);
    }
    if (code == LS_OK) {
        stepper_use(s->replica.steps, &step);
        s->unfrozen = true;
        if (st->step == first) {
            optimizer_restart(st, &step.optimizer);
        }
    }
    return code;
}

void session_foresee_epoch(session *s, uint64_t epoch)
{
    const session_options *o = &s->options;
    const resolution size = session_resolution(o, epoch);
    const resolution input = session_input(o);
    if (size.height == input.height && size.width == input.width && o->norm.evaluate != BATCH_NORM_PRECISE) {
        (void)loader_start_epoch(s->train, epoch, 0); /* what is wrong is found when it is started */
    }
}

int session_start_epoch(session *s, uint64_t epoch, size_t first_step)
{
    int code = unfreeze(s, epoch);
    if (code == LS_OK) {
        code = session_resize(s, session_resolution(&s->options, epoch));
    }
    if (code == LS_OK) {
        code = loader_start_epoch(s->train, epoch, first_step);
    }
    return comm_agree(s->c, code);
}

int session_open(session *out, comm *c, const session_options *options)
{
    *out = (session){.c = c, .options = *options};
    int code = staging_open(&out->data, &out->staged, c, options->data.file, options->data.stage);
    if (code != LS_OK) {
        return code;
    }
    if (options->classes.count > 0) {
        const session_classes *as = &options->classes;
        code = comm_agree(c, dataset_use_classes(out->data, as->names, as->count, as->whose));
    }
    if (code == LS_OK) {
        code = check_memory(out);
    }
    if (code != LS_OK) {
        return code;
    }
    code = make_network(out);
    if (code == LS_OK) {
        code = make_loaders(out);
    }
    code = comm_agree(c, code);
    if (code == LS_OK) {
        code = placement_settle(c, out->replica.threads, &out->share);
    }
    if (code == LS_OK) {
        code = comm_same(c, dataset_fingerprint(out->data), "the data set's checksum");
    }
    return code;
}

void session_close(session *s)
{
    loader_free(s->val);
    loader_free(s->train);
    replica_release(&s->replica);
    free(s->class_weights);
    free(s->features);
    dataset_free(s->data);
    *s = (session){0};
}

static int same_classes(const session *s, const checkpoint_info *info, const char *path)
{
    const size_t classes = dataset_classes(s->data);
    if (info->class_count != classes) {
        return error_set(LS_EUSAGE, "%s: tells %zu classes apart, but %s has %zu; give the data set it was trained on",
                         path, info->class_count, s->options.data.file, classes);
    }
    for (size_t i = 0; i < classes; i++) {
        if (strcmp(info->classes[i], dataset_class_name(s->data, i)) != 0) {
            return error_set(LS_EUSAGE, "%s: class %zu is '%s', but '%s' in %s; give the data set it was trained on",
                             path, i, info->classes[i], dataset_class_name(s->data, i), s->options.data.file);
        }
    }
    return LS_OK;
}

/* Rank 0's part of session_load. */
static int read_checkpoint(session *s, const char *path, session_history *out)
{
    checkpoint_info info = {0};
    int code = checkpoint_read_info(&info, path);
    if (code != LS_OK) {
        return code;
    }
    code = same_classes(s, &info, path);
    if (code == LS_OK) {
        code = checkpoint_read(path, &s->replica.state);
    }
    *out = (session_history){
        .data_checksum = info.data_checksum,
        .now = info.now,
        .moving_distance = info.moving_distance,
        .best_score = info.best_score,
        .best_epoch = info.best_epoch,
    };
    checkpoint_info_release(&info);
    return code;
}

int session_share_state(session *s)
{
    state *st = &s->replica.state;
    uint64_t counters[] = {st->epoch, st->step, st->position};
    int code = comm_broadcast(s->c, counters, sizeof counters);
    if (code == LS_OK) {
        code = comm_broadcast(s->c, &st->shrink, sizeof st->shrink);
    }
    if (code == LS_OK) {
        code = comm_broadcast(s->c, &st->origin, sizeof st->origin);
    }
    st->epoch = counters[0];
    st->step = counters[1];
    st->position = counters[2];
    for (size_t i = 0; code == LS_OK && i < st->count; i++) {
        code = comm_broadcast(s->c, st->vectors[i].values, st->vectors[i].size * sizeof(real));
    }
    return code;
}

int session_load(session *s, const char *checkpoint, session_history *out)
{
    *out = (session_history){0};
    int code = comm_agree(s->c, comm_rank(s->c) == 0 ? read_checkpoint(s, checkpoint, out) : LS_OK);
    if (code != LS_OK) {
        return code;
    }
    code = comm_broadcast(s->c, out, sizeof *out);
    if (code == LS_OK) {
        code = session_share_state(s);
    }
    watch_step(s->replica.state.step);
    code = comm_or_abort(s->c, code);
    return code != LS_OK ? code : comm_same(s->c, state_hash_all(&s->replica.state), "the restored state's hash");
}
