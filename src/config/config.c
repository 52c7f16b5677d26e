#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "config/document.h"
#include "config/schema.h"
#include "config/value.h"
#include "network/freeze.h"

enum { LARGEST_FILE = 1 << 20 }; /* bytes */

static int set_defaults(config *c)
{
    const char *reason = NULL;
    int code = LS_OK;
    for (size_t k = 0; code == LS_OK && k < schema_count; k++) {
        const config_key *key = &schema_keys[k];
        code = key->fallback != NULL ? value_set(c, key, key->fallback, false, &reason) : LS_OK;
        if (code != LS_OK) {
            (void)error_set(code, "the default of %s.%s: %s", key->section, key->name,
                            reason != NULL ? reason : "no memory");
        }
    }
    return code;
}

static int check_required(const config *c, const char *origin)
{
    for (size_t k = 0; k < schema_count; k++) {
        const config_key *key = &schema_keys[k];
        if (key->fallback == NULL && value_text(key, c) == NULL) {
            return error_set(LS_EUSAGE, "%s: `%s.%s` is missing: %s; write it there or give --set %s.%s=...", origin,
                             key->section, key->name, key->help, key->section, key->name);
        }
    }
    return LS_OK;
}

/* A key that another one's value asks for, or has no use for; the text says why. */
static int unfit(const char *origin, const char *text)
{
    return error_set(LS_EUSAGE, "%s: %s", origin, text);
}

static int check_optimizer(const optimizer_options *o, const char *origin)
{
    const bool has_momentum = o->kind == OPTIMIZER_SGD || o->kind == OPTIMIZER_RMSPROP || o->kind == OPTIMIZER_LARS;
    if (o->nesterov && o->momentum == 0) {
        return unfit(origin, "`train.nesterov` is true and `train.momentum` is 0, which it is a form of; set "
                             "`train.momentum`, such as to 0.9");
    }
    if (o->nesterov && o->kind == OPTIMIZER_RMSPROP) {
        return unfit(origin, "`train.nesterov` is true, and `rmsprop` has no such form; set it to false");
    }
    if (!has_momentum && o->momentum > 0) {
        return unfit(origin, "`train.momentum` is for `sgd`, `rmsprop` and `lars`; the mean of this optimizer is "
                             "`optimizer.beta_1`, set `train.momentum` to 0");
    }
    if (o->kind == OPTIMIZER_ADAM && o->decay.decoupled > 0) {
        return unfit(origin, "Adam with `decay.decoupled` is AdamW; set `train.optimizer` to adamw");
    }
    if (o->kind == OPTIMIZER_ADAMW && o->l2 > 0) {
        return unfit(origin, "AdamW decays by `decay.decoupled`, not by `l2.c`; set `l2.c` to 0, or "
                             "`train.optimizer` to adam");
    }
    return LS_OK;
}

static int check_norms(const config *c, const char *origin)
{
    const decay_options *d = &c->optimizer.decay;
    if (strcmp(d->norms_of, "none") == 0) {
        return LS_OK;
    }
    if (d->as_rate) {
        return unfit(origin, "`decay.as_rate` needs norms that are free, and `decay.norms_of` gives them; set one of "
                             "them to false or none");
    }
    return c->model.batch_norm ? LS_OK
                               : unfit(origin, "`decay.norms_of` is about weights that a BatchNorm follows, and "
                                               "`model.batch_norm` is false; set `decay.norms_of` to none");
}

/* What optim/growth.h knows the rule of. */
static int check_growth(const config *c, const char *origin)
{
    const optimizer_options *o = &c->optimizer;
    if (!o->decay.as_rate) {
        return LS_OK;
    }
    if (o->kind != OPTIMIZER_SGD) {
        return unfit(origin,
                     "`decay.as_rate` is for `sgd`, with momentum or without: only there a decay is known to be "
                     "a rate that grows; set it to false");
    }
    if (o->clip_norm > 0 || o->clip_value > 0 || o->ema.decay > 0) {
        return unfit(origin, "with `decay.as_rate` weights and gradients are on another scale at each step, so that "
                             "`train.clip_norm`, `train.clip_value` and `ema.decay` mean nothing; set them to 0");
    }
    if (!c->model.batch_norm) {
        return unfit(origin, "`decay.as_rate` is about weights that a BatchNorm follows, and `model.batch_norm` is "
                             "false; set `decay.as_rate` to false");
    }
    return LS_OK;
}

static int check_freeze(const config *c, const char *origin)
{
    const train_options *t = &c->train;
    const decay_options *d = &c->optimizer.decay;
    const char *problem = freeze_problem(t->freeze);
    const bool frozen = !freeze_is_none(t->freeze);
    if (problem != NULL) {
        return error_set(LS_EUSAGE, "%s: `train.freeze` is %s: %s; see docs/transfer.md", origin, t->freeze, problem);
    }
    problem = freeze_problem(t->then_freeze);
    if (problem != NULL) {
        return error_set(LS_EUSAGE, "%s: `train.then_freeze` is %s: %s; see docs/transfer.md", origin, t->then_freeze,
                         problem);
    }
    if (!freeze_is_none(t->then_freeze) && t->unfreeze_at == 0) {
        return unfit(origin,
                     "`train.then_freeze` is about what comes after `train.unfreeze_at` epochs; set that too, or "
                     "use `train.freeze`");
    }
    if (!frozen && (t->unfreeze_at > 0 || t->unfreeze_rate > 0)) {
        return unfit(origin, "`train.unfreeze_at` and `train.unfreeze_rate` are for layers that `train.freeze` names; "
                             "set it, or both to 0");
    }
    if (t->unfreeze_rate > 0 && t->unfreeze_at == 0) {
        return unfit(origin, "`train.unfreeze_rate` begins after `train.unfreeze_at` epochs; set that too");
    }
    if ((frozen || t->rate_decay != 1) && (d->as_rate || strcmp(d->norms_of, "none") != 0)) {
        return unfit(origin, "`decay.as_rate` and `decay.norms_of` are about networks that are trained as a whole, at "
                             "one rate; set `train.freeze` to none and `train.layer_decay` to 1");
    }
    return LS_OK;
}

static int check_rate(const rate_options *r, const char *origin)
{
    const bool by_periods = r->schedule == RATE_STEP || r->schedule == RATE_EXPONENTIAL;
    if (by_periods && r->every == 0) {
        return unfit(origin, "this `rate.schedule` needs `rate.every`, which is 0; set it, such as to 30");
    }
    if (!by_periods && r->schedule != RATE_CONSTANT && r->length == 0) {
        return unfit(origin, "this `rate.schedule` needs `rate.length`, which is 0; set it to the epochs of the run "
                             "less those of the warm-up");
    }
    return LS_OK;
}

static int check_augment(const config *c, const char *origin)
{
    const augment_options *a = &c->data.augmentation;
    if (c->data.augment && (a->crop || a->flip > 0)) {
        return unfit(origin,
                     "`data.augment` crops and flips already, so `augment.crop` and `augment.flip` cannot be set "
                     "beside it; set `data.augment` to false");
    }
    if (a->part.scale_min > a->part.scale_max || a->part.ratio_min > a->part.ratio_max) {
        return unfit(origin, "`augment.scale_min` is above `augment.scale_max`, or `augment.ratio_min` above "
                             "`augment.ratio_max`; exchange them");
    }
    if (a->erased.scale_min > a->erased.scale_max || a->erased.ratio_min > a->erased.ratio_max) {
        return unfit(origin,
                     "`augment.erase_scale_min` is above `augment.erase_scale_max`, or `augment.erase_ratio_min` "
                     "above `augment.erase_ratio_max`; exchange them");
    }
    if (a->repeats > 1 && !c->order.shuffle) {
        return unfit(origin, "`augment.repeats` is above 1 and `train.shuffle` is false, so only the first pictures "
                             "would ever be seen; set `train.shuffle` to true");
    }
    return LS_OK;
}

static int check_resolution(const data_options *d, const char *origin)
{
    const resolution_options *o = &d->resolution;
    const resolution input = {d->height, d->width};
    const resolution least = resolution_smallest(o, input);
    const resolution most = resolution_largest(o, input);
    if (least.height != most.height && (o->until == 0 || o->from > o->until)) {
        return unfit(origin,
                     "`resolution.first` and `last` differ, and `resolution.until`, the epochs after which pictures "
                     "have the last size, is 0 or less than `resolution.from`; set it");
    }
    if (least.height == most.height && o->until > 0) {
        return unfit(origin, "`resolution.until` is set, and the first size is the last; set `resolution.first`, or "
                             "`resolution.until` to 0");
    }
    if (least.height < RESOLUTION_LEAST || least.width < RESOLUTION_LEAST || most.width > RESOLUTION_MOST) {
        return error_set(
            LS_EUSAGE,
            "%s: section `resolution` makes pictures of %zux%zu to %zux%zu; they must have %d pixels a side "
            "at least and %d at most",
            origin, least.width, least.height, most.width, most.height, RESOLUTION_LEAST, RESOLUTION_MOST);
    }
    return LS_OK;
}

static int check_window(const config *c, const char *origin)
{
    const order_options *o = &c->order;
    if (o->window == 0) {
        return LS_OK;
    }
    if (!o->shuffle) {
        return unfit(origin,
                     "`train.shuffle_window` is about the order that `train.shuffle` draws, which is false; set "
                     "it to true, or `train.shuffle_window` to 0");
    }
    if (o->sampling == ORDER_BALANCED) {
        return unfit(origin, "`train.sampling: balanced` draws pictures from the whole file, so there are no windows; "
                             "set `train.shuffle_window` to 0");
    }
    return c->data.augmentation.repeats > 1
               ? unfit(origin, "`augment.repeats` above 1 and `train.shuffle_window` do not go together; set "
                               "the one to 1 or the other to 0")
               : LS_OK;
}

static int check_order(const order_options *o, const char *origin)
{
    return o->sampling == ORDER_BALANCED && !o->shuffle
               ? unfit(origin,
                       "`train.sampling` is balanced, which draws classes, and `train.shuffle` is false; set it to "
                       "true")
               : LS_OK;
}

static int check_best(const config *c, const char *origin)
{
    const metric by = c->checkpoint.best_by;
    if ((by == METRIC_EMA_VAL_ACCURACY || by == METRIC_EMA_VAL_CROSS_ENTROPY) && c->optimizer.ema.decay == 0) {
        return unfit(origin, "`checkpoint.best_by` is of averages, and `ema.decay` is 0, so there are none; set "
                             "`ema.decay`, such as to 0.999");
    }
    return LS_OK;
}

/* What keys demand of each other. */
static int check_together(const config *c, const char *origin)
{
    const comm_timeouts *t = &c->timeouts;
    if (t->stall > 0 && t->abort > 0 && t->abort <= t->stall) {
        return error_set(
            LS_EUSAGE,
            "%s: `timeouts.abort` is %g and `timeouts.stall` is %g; a stall must be reported before it ends "
            "the job, so abort must be larger, or one of them 0 (never)",
            origin, t->abort, t->stall);
    }
    int code = check_optimizer(&c->optimizer, origin);
    if (code == LS_OK) {
        code = check_growth(c, origin);
    }
    if (code == LS_OK) {
        code = check_norms(c, origin);
    }
    if (code == LS_OK) {
        code = check_rate(&c->optimizer.rate, origin);
    }
    if (code == LS_OK) {
        code = check_freeze(c, origin);
    }
    if (code == LS_OK) {
        code = check_augment(c, origin);
    }
    if (code == LS_OK) {
        code = check_resolution(&c->data, origin);
    }
    if (code == LS_OK) {
        code = check_order(&c->order, origin);
    }
    if (code == LS_OK) {
        code = check_window(c, origin);
    }
    return code != LS_OK ? code : check_best(c, origin);
}

/* Report a key, with both values as they stand in YAML. Returns whether there was memory for it. */
static bool report_key(const config_key *key, const config *a, const config *b,
                       void (*report)(void *context, const char *key, const char *a, const char *b), void *context)
{
    char path[64];
    text_builder first = {0};
    text_builder second = {0};
    (void)snprintf(path, sizeof path, "%s.%s", key->section, key->name);
    value_print(&first, key, a);
    value_print(&second, key, b);
    const bool complete = !first.failed && !second.failed;
    if (complete) {
        report(context, path, text_of(&first), text_of(&second));
    }
    text_release(&first);
    text_release(&second);
    return complete;
}

/* What an adviser knows into `known`, and of keys that are not named into c as well. told: [schema_count]. */
static int take_known(config *c, config *known, bool *told, const bool *named, const config_adviser *adviser)
{
    config_sets sets = {0};
    size_t key = 0;
    int code = adviser->ask(adviser->context, c, &sets);
    for (size_t i = 0; code == LS_OK && i < sets.count; i++) {
        code = document_override(known, &key, sets.sets[i]);
        if (code == LS_OK && !named[key]) {
            code = document_override(c, &key, sets.sets[i]);
        }
        told[key] = true;
    }
    return code;
}

static int take_advice(config *c, const bool *named, const config_adviser *adviser)
{
    config known = {0};
    bool *told = calloc(schema_count, sizeof *told);
    if (told == NULL) {
        return error_set(LS_ENOMEM, "no memory for a configuration");
    }
    int code = take_known(c, &known, told, named, adviser);
    for (size_t k = 0; code == LS_OK && k < schema_count; k++) {
        const config_key *key = &schema_keys[k];
        if (told[k] && !value_equal(key, c, &known) &&
            !report_key(key, c, &known, adviser->differs, adviser->context)) {
            code = error_set(LS_ENOMEM, "no memory to compare configurations");
        }
    }
    config_free(&known);
    free(told);
    return code;
}

/* What text and overrides say, and what somebody else knows. named: [schema_count], all false. */
static int read_all(config *out, bool *named, const char *text, size_t length, const char *origin,
                    const config_sets *overrides, const config_adviser *adviser)
{
    size_t key = 0;
    int code = set_defaults(out);
    if (code == LS_OK) {
        code = document_read(out, named, text, length, origin);
    }
    for (size_t i = 0; code == LS_OK && i < overrides->count; i++) {
        code = document_override(out, &key, overrides->sets[i]);
        named[key] = true;
    }
    if (code == LS_OK) {
        code = check_required(out, origin);
    }
    if (code == LS_OK && adviser != NULL) {
        code = take_advice(out, named, adviser);
    }
    return code == LS_OK ? check_together(out, origin) : code;
}

static int parse(config *out, const char *text, size_t length, const char *origin, const config_sets *overrides,
                 const config_adviser *adviser)
{
    memset(out, 0, sizeof *out);
    bool *named = calloc(schema_count, sizeof *named);
    if (named == NULL) {
        return error_set(LS_ENOMEM, "%s: no memory to read it", origin);
    }
    const int code = read_all(out, named, text, length, origin, overrides, adviser);
    if (code != LS_OK) {
        config_free(out);
    }
    free(named);
    return code;
}

int config_parse(config *out, const char *text, size_t length, const char *origin, const char *const *overrides,
                 size_t n)
{
    return parse(out, text, length, origin, &(config_sets){overrides, n}, NULL);
}

/* A pipe that nobody has open for writing is empty, and not waited for: no signal would end that. */
static FILE *open_text(const char *path)
{
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return NULL;
    }
    FILE *file = fcntl(fd, F_SETFL, 0) == 0 ? fdopen(fd, "rb") : NULL; /* from here on its data is waited for */
    if (file == NULL) {
        (void)close(fd);
    }
    return file;
}

int config_load(config *out, const char *path, const char *const *overrides, size_t n)
{
    return config_load_advised(out, path, &(config_sets){overrides, n}, NULL);
}

int config_load_advised(config *out, const char *path, const config_sets *overrides, const config_adviser *adviser)
{
    memset(out, 0, sizeof *out);
    FILE *file = open_text(path);
    if (file == NULL) {
        return error_set(LS_EUSAGE, "%s: the configuration cannot be read: %s", path, strerror(errno));
    }
    int code = LS_OK;
    size_t length = 0;
    char *text = malloc(LARGEST_FILE + 1);
    if (text == NULL) {
        code = error_set(LS_ENOMEM, "%s: no memory to read it", path);
        goto cleanup;
    }
    length = fread(text, 1, LARGEST_FILE + 1, file);
    if (ferror(file) != 0) {
        code = error_set(LS_EUSAGE, "%s: the configuration cannot be read: %s", path, strerror(errno));
    } else if (length > LARGEST_FILE) {
        code = error_set(LS_EUSAGE, "%s: more than 1 MiB, so no configuration; give a YAML file such as config/bn.yaml",
                         path);
    } else if (length == 0) {
        code = error_set(LS_EUSAGE, "%s: is empty; give a YAML file such as config/bn.yaml", path);
    } else {
        code = parse(out, text, length, path, overrides, adviser);
    }
cleanup:
    free(text);
    fclose(file);
    return code;
}

/* Hand over a text that is complete, for free(). */
static int take_text(char **out, text_builder *t, const char *what)
{
    *out = text_take(t);
    return *out != NULL ? LS_OK : error_set(LS_ENOMEM, "no memory to %s", what);
}

int config_print(const config *c, char **yaml_out)
{
    text_builder t = {0};
    text_builder *const out = &t;
    const char *section = "";
    for (size_t k = 0; k < schema_count; k++) {
        const config_key *key = &schema_keys[k];
        if (strcmp(section, key->section) != 0) {
            section = key->section;
            text_add(out, "%s:\n", section);
        }
        text_add(out, "  %s: ", key->name);
        value_print(out, key, c);
        text_add(out, "\n");
    }
    return take_text(yaml_out, &t, "print the configuration");
}

int config_reference(char **out)
{
    text_builder t = {0};
    for (size_t k = 0; k < schema_count; k++) {
        const config_key *key = &schema_keys[k];
        char path[64];
        (void)snprintf(path, sizeof path, "%s.%s", key->section, key->name);
        text_add(&t, "  %-27s %s (", path, key->help);
        value_allowed(&t, key);
        const char *const fallback = key->fallback == NULL ? "required" : "default ";
        const char *const value = key->fallback == NULL ? "" : *key->fallback != '\0' ? key->fallback : "none";
        text_add(&t, "; %s%s%s)\n", fallback, value, key->may_change ? "; may change on resume" : "");
    }
    return take_text(out, &t, "print the keys");
}

size_t config_difference(const config *saved, const config *wanted, char *text, size_t size)
{
    size_t count = 0;
    text_builder line = {0};
    for (size_t k = 0; k < schema_count; k++) {
        const config_key *key = &schema_keys[k];
        if (!key->may_change && !value_equal(key, saved, wanted)) {
            text_add(&line, "%s%s.%s (", count > 0 ? ", " : "", key->section, key->name);
            value_print(&line, key, saved);
            text_add(&line, ", now ");
            value_print(&line, key, wanted);
            text_add(&line, ")");
            count++;
        }
    }
    if (size > 0) {
        (void)snprintf(text, size, "%s", text_of(&line));
    }
    text_release(&line);
    return count;
}

int config_changes(const config *a, const config *b,
                   void (*report)(void *context, const char *key, const char *a, const char *b), void *context)
{
    int count = 0;
    bool complete = true;
    for (size_t k = 0; complete && k < schema_count; k++) {
        const config_key *key = &schema_keys[k];
        if (value_equal(key, a, b)) {
            continue;
        }
        complete = report_key(key, a, b, report, context);
        count += complete;
    }
    return complete ? count : error_set(LS_ENOMEM, "no memory to compare configurations");
}

void config_free(config *c)
{
    for (size_t k = 0; k < schema_count; k++) {
        value_free(c, &schema_keys[k]);
    }
    memset(c, 0, sizeof *c);
}
