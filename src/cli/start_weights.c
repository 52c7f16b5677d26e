#include "cli/start_weights.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/run_options.h"
#include "cli/saved_model.h"
#include "cli/which.h"
#include "store/run_folder.h"

static void add_rgb(text_builder *out, const char *key, const double values[3])
{
    text_add(out, "%s=%.17g,%.17g,%.17g%c", key, values[0], values[1], values[2], '\0');
}

static int all_are(const double values[3], double value)
{
    return values[0] == value && values[1] == value && values[2] == value;
}

static void add_pixels(text_builder *out, const double mean[3], const double deviation[3])
{
    if (all_are(mean, 0) && all_are(deviation, 1)) {
        text_add(out, "data.scale=unit%c", '\0');
    } else if (all_are(mean, 0.5) && all_are(deviation, 0.5)) {
        text_add(out, "data.scale=signed%c", '\0');
    } else {
        text_add(out, "data.scale=standard%c", '\0');
        add_rgb(out, "data.mean", mean);
        add_rgb(out, "data.deviation", deviation);
    }
}

static void add_network(text_builder *out, const network_options *o)
{
    static const char *const paddings[] = {
        [PADDING_ARTICLE] = "article", [PADDING_KERAS] = "keras", [PADDING_SYMMETRIC] = "symmetric"};
    text_add(out, "model.alpha=%.17g%c", network_width(o), '\0');
    text_add(out, "model.depth=%.17g%c", network_depth(o), '\0');
    text_add(out, "model.fixed_ends=%s%c", o->fixed_ends ? "true" : "false", '\0');
    text_add(out, "model.batch_norm=%s%c", o->batch_norm ? "true" : "false", '\0');
    text_add(out, "model.padding=%s%c", paddings[o->padding], '\0');
}

static void add_norm(text_builder *out, double epsilon, double momentum)
{
    text_add(out, "batch_norm.epsilon=%.17g%c", epsilon, '\0');
    text_add(out, "batch_norm.momentum=%.17g%c", momentum, '\0');
}

static void add_size(text_builder *out, size_t height, size_t width)
{
    if (height > 0 && width > 0) {
        text_add(out, "data.height=%zu%c", height, '\0');
        text_add(out, "data.width=%zu%c", width, '\0');
    }
}

static int take_keys(start_keys *out, text_builder *keys)
{
    out->sets = text_take_list(keys, &out->count);
    return out->sets != NULL ? LS_OK : error_set(LS_ENOMEM, "no memory for a configuration");
}

/* Of a run's configuration. */
static int keys_of_config(start_keys *out, const config *c)
{
    text_builder keys = {0};
    exchange_model pixels;
    saved_model_pixels(&pixels, &c->data);
    add_network(&keys, &c->model);
    add_norm(&keys, c->batch_norm.epsilon, c->batch_norm.momentum);
    add_size(&keys, c->data.height, c->data.width);
    add_pixels(&keys, pixels.mean, pixels.deviation);
    return take_keys(out, &keys);
}

int start_keys_of(start_keys *out, const import_facts *facts)
{
    config saved;
    text_builder keys = {0};
    *out = (start_keys){0};
    if (facts->config != NULL) {
        int code = config_parse(&saved, facts->config, strlen(facts->config), "the file's configuration", NULL, 0);
        if (code == LS_OK) {
            code = keys_of_config(out, &saved);
            config_free(&saved);
        }
        return code;
    }
    add_network(&keys, &facts->spec.options);
    add_norm(&keys, facts->epsilon, facts->momentum);
    add_size(&keys, facts->spec.height, facts->spec.width);
    add_pixels(&keys, facts->mean, facts->deviation);
    return take_keys(out, &keys);
}

/* Of the newest checkpoint of the run, if it has one that began with the same file. */
static bool keys_of_run(start_keys *out, const config *c)
{
    char folder[CHECKPOINT_PATH_SIZE];
    char checkpoint[CHECKPOINT_PATH_SIZE];
    config saved = {0};
    checkpoint_info info = {0};
    bool found = false;
    if (run_folder_file(folder, sizeof folder, c->checkpoint.dir, c->experiment.name) == LS_OK &&
        which_of_run(checkpoint, folder, false) == LS_OK &&
        run_options_of_checkpoint(&saved, &info, checkpoint) == LS_OK) {
        found = train_has_weights(&saved.train) && keys_of_config(out, &saved) == LS_OK;
    }
    config_free(&saved);
    checkpoint_info_release(&info);
    return found;
}

/* Who knows what a configuration does not say: the file of weights that it names, or a run that began with it. */
typedef struct knowing {
    bool resumes;
    importer *from;  /* the file, once it is open */
    const config *c; /* the configuration that asks */
    bool is_of_run;  /* of a checkpoint, which needs no warnings */
    start_keys keys; /* what it knows */
} knowing;

static int keys_of_file(knowing *k)
{
    int code = import_open(&k->from, k->c->train.weights, NULL);
    if (code == LS_OK) {
        code = start_keys_of(&k->keys, import_facts_of(k->from));
    }
    return code == LS_ENOTFOUND ? LS_EUSAGE : code;
}

static int ask(void *context, const config *c, config_sets *out)
{
    knowing *k = context;
    if (!train_has_weights(&c->train)) {
        return LS_OK;
    }
    k->c = c;
    k->is_of_run = k->resumes && keys_of_run(&k->keys, c);
    const int code = k->is_of_run ? LS_OK : keys_of_file(k);
    *out = (config_sets){(const char *const *)k->keys.sets, k->keys.count};
    return code;
}

/* Pictures of another size are usual. */
static bool is_size(const char *key)
{
    return strcmp(key, "data.height") == 0 || strcmp(key, "data.width") == 0;
}

static void warn_of_key(void *context, const char *key, const char *have, const char *known)
{
    const knowing *k = context;
    if (!k->is_of_run && !is_size(key)) {
        log_warn("%s is %s, where the network in %s has %s; leave it out of the configuration unless that is meant",
                 key, have, k->c->train.weights, known);
    }
}

int start_weights_load(config *out, importer **opened, const char *path, const args_texts *overrides, bool resumes)
{
    knowing k = {.resumes = resumes};
    const int code = config_load_advised(out, path, &(config_sets){overrides->texts, overrides->count},
                                         &(config_adviser){ask, warn_of_key, &k});
    if (code == LS_OK && opened != NULL) {
        *opened = k.from;
    } else {
        import_close(k.from);
    }
    free(k.keys.sets);
    return code;
}
