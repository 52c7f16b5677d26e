#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

#include "base/error.h"
#include "config/config.h"
#include "config/schema.h"

static const char head[] = "experiment:\n  name: run\ndata:\n  file: d.h5\n"; /* what follows starts on line 5 */

static int parse(config *c, const char *rest, const char *override)
{
    char text[2048];
    (void)snprintf(text, sizeof text, "%s%s", head, rest);
    return config_parse(c, text, strlen(text), "run.yaml", &override, override ? 1 : 0);
}

/* `rest` (and an override) is refused with a one-line message that holds all of the words, a NULL-ended list. */
static void refused(const char *rest, const char *override, const char *const *words)
{
    config c;
    ck_assert_msg(parse(&c, rest, override) == LS_EUSAGE, "accepted: %s %s", rest, override ? override : "");
    ck_assert_msg(!strchr(error_message(), '\n'), "more than a line: %s", error_message());
    for (; *words; words++)
        ck_assert_msg(strstr(error_message(), *words) != NULL, "`%s` is not in: %s", *words, error_message());
    config_free(&c);
}
#define REFUSED(rest, override, ...) refused(rest, override, (const char *const[]){__VA_ARGS__, NULL})

/* A recipe loads, and is called as its file. */
START_TEST(every_recipe_loads)
{
    DIR *folder = opendir(CONFIG_FOLDER "/recipes");
    ck_assert(folder != NULL);
    int files = 0;
    for (const struct dirent *entry; (entry = readdir(folder));) {
        char path[1024];
        config c;
        const char *dot = strrchr(entry->d_name, '.');
        if (!dot || strcmp(dot, ".yaml") != 0)
            continue;
        (void)snprintf(path, sizeof path, "%s/recipes/%s", CONFIG_FOLDER, entry->d_name);
        ck_assert_msg(config_load(&c, path, NULL, 0) == 0, "%s", error_message());
        ck_assert_uint_eq(strlen(c.experiment.name), (size_t)(dot - entry->d_name));
        ck_assert(strncmp(c.experiment.name, entry->d_name, (size_t)(dot - entry->d_name)) == 0);
        config_free(&c);
        files++;
    }
    closedir(folder);
    ck_assert_int_ge(files, 8);
}
END_TEST

START_TEST(every_file_loads)
{
    DIR *folder = opendir(CONFIG_FOLDER);
    ck_assert(folder != NULL);
    int files = 0;
    for (const struct dirent *entry; (entry = readdir(folder));) {
        char path[1024];
        config c;
        const char *dot = strrchr(entry->d_name, '.');
        if (!dot || strcmp(dot, ".yaml") != 0)
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", CONFIG_FOLDER, entry->d_name);
        ck_assert_msg(config_load(&c, path, NULL, 0) == 0, "%s", error_message());
        ck_assert(c.train.epochs == 10 && c.order.batch == 32 && c.optimizer.learning_rate == 0.1);
        const int l2_only = strcmp(entry->d_name, "l2.yaml") == 0 || strcmp(entry->d_name, "digits-l2.yaml") == 0;
        ck_assert(c.model.batch_norm == !l2_only);
        ck_assert(c.optimizer.l2 == (strstr(entry->d_name, "l2") ? 0.001 : 0));
        /* A run is called as its file, so that the three do not write to one folder. */
        ck_assert(strncmp(c.experiment.name, entry->d_name, (size_t)(dot - entry->d_name)) == 0);
        config_free(&c);
        files++;
    }
    closedir(folder);
    ck_assert_int_ge(files, 6);
}
END_TEST

START_TEST(defaults_and_overrides)
{
    config c;
    ck_assert_int_eq(config_parse(&c, head, strlen(head), "run.yaml", NULL, 0), 0);
    ck_assert_str_eq(c.experiment.name, "run");
    ck_assert_str_eq(c.data.file, "d.h5");
    ck_assert_str_eq(c.checkpoint.dir, "checkpoints");
    ck_assert_str_eq(c.data.stage, "");
    ck_assert(c.data.height == 224 && c.data.fit == RESIZE_STRETCH && !c.data.augment && c.model.batch_norm);
    ck_assert(c.batch_norm.momentum == 0.99 && c.batch_norm.epsilon == 0.001 && c.optimizer.l2 == 0 &&
              c.order.seed == 1);
    ck_assert(c.order.shard_size == 4 && c.order.shuffle && c.log.print_count == 10);
    ck_assert(c.model.precision == PRECISION_FLOAT32 && c.data.orientation == ORIENTATION_AUTO);
    ck_assert(c.timeouts.stall == 60 && c.timeouts.abort == 300);
    config_free(&c);

    const char *const sets[] = {"train.batch=64",         "train.batch=128",       "l2.c=1e-3",
                                "batch_norm.mode=local",  "data.file=a b: {c}.h5", "train.seed=9223372036854775807",
                                "train.shuffle=false",    "train.epochs=010",      "model.precision=mixed",
                                "data.orientation=ignore"};
    ck_assert_int_eq(config_parse(&c, head, strlen(head), "run.yaml", sets, sizeof sets / sizeof *sets), 0);
    ck_assert(c.order.batch == 128 && c.optimizer.l2 == 0.001 && c.batch_norm.mode == BATCH_NORM_LOCAL &&
              !c.order.shuffle);
    ck_assert(c.order.seed == INT64_MAX && c.train.epochs == 10 && c.model.precision == PRECISION_MIXED);
    ck_assert(c.data.orientation == ORIENTATION_IGNORE);
    ck_assert_str_eq(c.data.file, "a b: {c}.h5");
    config_free(&c);
    config_free(&c);
}
END_TEST

START_TEST(printed_reads_back)
{
    config a, b;
    char *first = NULL, *second = NULL, difference[256];
    const char *const sets[] = {"data.file=\"odd\" \\ \xc3\xa9 #name: [x]",
                                "experiment.name=null",
                                "train.learning_rate=0.30000000000000004",
                                "l2.c=1e-300",
                                "checkpoint.dir=~",
                                "batch_norm.evaluate=precise"};
    ck_assert_msg(config_parse(&a, head, strlen(head), "run.yaml", sets, sizeof sets / sizeof *sets) == 0, "%s",
                  error_message());
    ck_assert_int_eq(config_print(&a, &first), 0);
    ck_assert(strstr(first, "learning_rate: 0.30000000000000004\n") && strstr(first, "momentum: 0.99\n"));
    ck_assert_msg(config_parse(&b, first, strlen(first), "printed", NULL, 0) == 0, "%s\n%s", error_message(), first);
    ck_assert_int_eq(config_print(&b, &second), 0);
    ck_assert_str_eq(first, second);
    ck_assert_str_eq(a.data.file, b.data.file);
    ck_assert_uint_eq(config_difference(&a, &b, difference, sizeof difference), 0);
    free(first);
    free(second);
    config_free(&a);
    config_free(&b);
}
END_TEST

/* A value that is allowed and not the default. */
static void other_value(char out[64], const config_key *key)
{
    switch (key->kind) {
    case KEY_BOOL: (void)snprintf(out, 64, "%s", strcmp(key->fallback, "true") == 0 ? "false" : "true"); break;
    case KEY_INT: (void)snprintf(out, 64, "%lld", (long long)key->max); break;
    case KEY_REAL: (void)snprintf(out, 64, "%.17g", atof(key->fallback) < key->high ? key->high : key->high / 2); break;
    case KEY_RGB: (void)snprintf(out, 64, "0.5,1e-09,1"); break;
    case KEY_TEXT: (void)snprintf(out, 64, strstr(key->name, "freeze") != NULL ? "backbone" : "another"); break;
    case KEY_CHOICE: (void)snprintf(out, 64, "%s", key->choices[1].name); break;
    }
}

static void note_change(void *context, const char *key, const char *a, const char *b)
{
    (void)snprintf(context, 128, "%s: %s, %s", key, a, b);
}

/* What has to be set as well, for keys that demand something of another. */
static const char *needed_beside(const char *set)
{
    static const struct {
        const char *set, *needs;
    } rows[] = {
        {"timeouts.stall=1000000", "timeouts: {abort: 0}\n"},
        {"train.nesterov=true", "train: {momentum: 0.5}\n"},
        {"rate.schedule=step", "rate: {every: 5}\n"},
        {"train.unfreeze_at=1000000", "train: {freeze: backbone}\n"},
        {"train.then_freeze=backbone", "train: {freeze: backbone, unfreeze_at: 1}\n"},
        {"train.unfreeze_rate=1000", "train: {freeze: backbone, unfreeze_at: 1}\n"},
        {"resolution.first=2048", "resolution: {until: 1}\n"},
        {"resolution.until=1000000", "resolution: {first: 64}\n"},
        {"augment.ratio_min=100", "augment: {ratio_max: 100}\n"},
        {"augment.erase_scale_min=1", "augment: {erase_scale_max: 1}\n"},
        {"augment.erase_ratio_min=100", "augment: {erase_ratio_max: 100}\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(set, rows[i].set) == 0) {
            return rows[i].needs;
        }
    }
    return "";
}

/* Each row has a field of its own, and a name of its own; its section's rows stand together. */
START_TEST(a_key_is_one_field)
{
    config plain;
    config changed;
    config back;
    char *printed = NULL;
    ck_assert_int_eq(parse(&plain, "", NULL), 0);
    for (size_t k = 0; k < schema_count; k++) {
        const config_key *key = &schema_keys[k];
        char value[64];
        char set[128];
        char said[128] = "";
        char wanted[128];
        other_value(value, key);
        (void)snprintf(set, sizeof set, "%s.%s=%s", key->section, key->name, value);
        (void)snprintf(wanted, sizeof wanted, "%s.%s: ", key->section, key->name);
        const char *const beside = needed_beside(set);
        ck_assert_msg(parse(&changed, beside, set) == 0, "%s", error_message());
        const size_t more = *beside == '\0' ? 0 : strchr(beside, ',') == NULL ? 1 : 2; /* keys */
        ck_assert_uint_eq(config_changes(&plain, &changed, note_change, said), 1 + more);
        ck_assert_msg(*beside != '\0' || strncmp(said, wanted, strlen(wanted)) == 0, "%s changed %s", set, said);
        ck_assert_int_eq(schema_find(key->section, key->name), (int)k);
        ck_assert(k == 0 || strcmp(key->section, key[-1].section) == 0 || schema_find(key->section, NULL) == (int)k);
        ck_assert_int_eq(config_print(&changed, &printed), 0);
        ck_assert_int_eq(config_parse(&back, printed, strlen(printed), "printed", NULL, 0), 0);
        ck_assert_int_eq(config_changes(&changed, &back, note_change, said), 0);
        free(printed);
        config_free(&back);
        config_free(&changed);
    }
    config_free(&plain);
}
END_TEST

START_TEST(differences_on_resume)
{
    config a, b;
    char text[256];
    ck_assert_int_eq(parse(&a, "", NULL), 0);
    const char *const may[] = {"train.epochs=20",      "train.threads=2",       "checkpoint.dir=x",
                               "log.every_steps=5",    "data.file=other.h5",    "checkpoint.keep=3",
                               "data.stage=$TMPDIR/x", "data.loader_threads=4", "timeouts.stall=9"};
    ck_assert_int_eq(config_parse(&b, head, strlen(head), "b", may, sizeof may / sizeof *may), 0);
    ck_assert_uint_eq(config_difference(&a, &b, text, sizeof text), 0);
    ck_assert_str_eq(text, "");
    config_free(&b);
    const char *const may_not[] = {"train.batch=64", "l2.c=0.001", "data.fit=crop"};
    ck_assert_int_eq(config_parse(&b, head, strlen(head), "b", may_not, 3), 0);
    ck_assert_uint_eq(config_difference(&a, &b, text, sizeof text), 3);
    ck_assert_str_eq(text, "data.fit (stretch, now crop), l2.c (0, now 0.001), train.batch (32, now 64)");
    config_free(&a);
    config_free(&b);
}
END_TEST

START_TEST(wrong_keys_and_values)
{
    REFUSED("train:\n  epohcs: 3\n", NULL, "run.yaml:6:", "`train.epohcs`", "allowed here: epochs, batch, shard");
    REFUSED("trian: {}\n", NULL, "run.yaml:5:", "`trian`", "experiment, data, augment, resolution, model");
    REFUSED("train:\n  batch: -3\n", NULL, "run.yaml:6:", "`train.batch` is -3", "1 to 1048576");
    REFUSED("train:\n\n  batch: many\n", NULL, "run.yaml:7:", "`train.batch`", "\"many\"", "whole number", "1 to");
    REFUSED("train:\n  batch: \"32\"\n", NULL, "run.yaml:6:", "in quotes", "1 to 1048576");
    REFUSED("train:\n  batch: 3.5\n", NULL, "3.5", "whole number");
    REFUSED("train:\n  batch: 99999999999999999999\n", NULL, "out of range");
    REFUSED("train:\n  shard: 6\n", NULL, "run.yaml:6:", "`train.shard` is 6", "allowed: 4, 8");
    REFUSED("train:\n  batch: [1, 2]\n", NULL, "run.yaml:6:", "`train.batch`", "a list or a mapping");
    REFUSED("train:\n  batch: {a: {b: 1}}\n", NULL, "run.yaml:6:", "`train.batch`");
    REFUSED("train:\n  batch:\n", NULL, "run.yaml:6:", "`train.batch`", "empty");
    REFUSED("train:\n  shuffle: yes\n", NULL, "`train.shuffle`", "true, false");
    REFUSED("train: 3\n", NULL, "run.yaml:5:", "`train`", "epochs, batch");
    REFUSED("train: [1]\n", NULL, "run.yaml:5:", "`train`");
    REFUSED("model:\n  precision: bf16\n", NULL, "`model.precision`", "float32, mixed");
    REFUSED("batch_norm:\n  mode: Sync\n", NULL, "run.yaml:6:", "`batch_norm.mode`", "sync, local");
    REFUSED("batch_norm:\n  epsilon: 0\n", NULL, "`batch_norm.epsilon` is 0", "above 0 up to 1");
    REFUSED("l2:\n  c: .nan\n", NULL, "`l2.c`", "not a number", "0 to 1000");
    REFUSED("l2:\n  c: 1e999\n", NULL, "`l2.c` is 1e999", "out of range");
    REFUSED("l2:\n  c: -0.001\n", NULL, "`l2.c` is -0.001", "out of range");
    REFUSED("l2: {c: 1, c: 1}\n", NULL, "run.yaml:5:", "twice");
    REFUSED("l2: {c: 1}\nl2: {c: 1}\n", NULL, "run.yaml:6:", "`l2`", "twice");
}
END_TEST

START_TEST(optimizers_refuse_what_they_have_no_use_for)
{
    REFUSED("", "train.nesterov=true", "`train.nesterov` is true", "`train.momentum` is 0");
    REFUSED("train: {momentum: 0.5, optimizer: rmsprop}\n", "train.nesterov=true", "`rmsprop` has no such form", "");
    REFUSED("train: {momentum: 0.5}\n", "train.optimizer=adam", "`train.momentum` is for", "optimizer.beta_1");
    REFUSED("decay: {decoupled: 0.5}\n", "train.optimizer=adam", "is AdamW", "adamw");
    REFUSED("l2: {c: 0.5}\n", "train.optimizer=adamw", "`decay.decoupled`", "`l2.c`");
    REFUSED("train: {optimizer: adam}\n", "decay.as_rate=true", "`decay.as_rate` is for `sgd`", "set it to false");
    REFUSED("train: {clip_norm: 1}\n", "decay.as_rate=true", "`decay.as_rate`", "`train.clip_norm`");
    REFUSED("ema: {decay: 0.9}\n", "decay.as_rate=true", "`decay.as_rate`", "`ema.decay`");
    REFUSED("model: {batch_norm: false}\n", "decay.as_rate=true", "`decay.as_rate`", "`model.batch_norm` is false");
    REFUSED("decay: {norms_of: start}\n", "decay.as_rate=true", "`decay.as_rate` needs norms", "`decay.norms_of`");
    REFUSED("model: {batch_norm: false}\n", "decay.norms_of=start", "`decay.norms_of`", "`model.batch_norm` is false");
    REFUSED("", "rate.schedule=exponential", "needs `rate.every`", "");
    REFUSED("", "rate.schedule=cosine", "needs `rate.length`", "");
    REFUSED("train: {shuffle: false}\n", "train.sampling=balanced", "`train.sampling`", "`train.shuffle`");
    REFUSED("train: {shuffle: false}\n", "train.shuffle_window=64", "`train.shuffle_window`", "`train.shuffle`");
    REFUSED("train: {sampling: balanced}\n", "train.shuffle_window=64", "`train.sampling: balanced`", "set `train");
    REFUSED("augment: {repeats: 2}\n", "train.shuffle_window=64", "`augment.repeats`", "`train.shuffle_window`");
    REFUSED("", "checkpoint.best_by=ema_val_accuracy", "`checkpoint.best_by`", "`ema.decay`");
    REFUSED("augment: {crop: true}\n", "data.augment=true", "`data.augment` crops", "set `data.augment` to false");
    REFUSED("augment: {flip: 0.5}\n", "data.augment=true", "`augment.flip`", "");
    REFUSED("augment: {scale_max: 0.5}\n", "augment.scale_min=0.6", "`augment.scale_min` is above", "exchange");
    REFUSED("", "augment.ratio_min=2", "`augment.ratio_min` above", "exchange");
    REFUSED("", "augment.erase_scale_min=0.5", "`augment.erase_scale_min` is above", "exchange");
    REFUSED("", "augment.erase_ratio_max=0.1", "`augment.erase_ratio_min` above", "exchange");
    REFUSED("train: {shuffle: false}\n", "augment.repeats=2", "`augment.repeats`", "set `train.shuffle` to true");
}
END_TEST

START_TEST(timeouts_agree)
{
    config c;
    REFUSED("timeouts: {abort: 60}\n", NULL, "run.yaml:", "`timeouts.abort` is 60", "`timeouts.stall` is 60");
    REFUSED("timeouts: {stall: 300}\n", NULL, "`timeouts.abort` is 300", "must be larger");
    REFUSED("", "timeouts.abort=1", "`timeouts.abort` is 1", "`timeouts.stall` is 60");
    REFUSED("timeouts: {stall: -1}\n", NULL, "`timeouts.stall` is -1", "0 to 1000000");
    static const char *const fine[] = {"timeouts: {stall: 0.5, abort: 0.75}\n", "timeouts: {stall: 0, abort: 1}\n",
                                       "timeouts: {stall: 1000, abort: 0}\n", "timeouts: {stall: 0, abort: 0}\n"};
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        ck_assert_msg(parse(&c, fine[i], NULL) == LS_OK, "%s", error_message());
        config_free(&c);
    }
}
END_TEST

START_TEST(wrong_overrides)
{
    REFUSED("", "train.batch=x", "--set train.batch=x", "`train.batch`", "\"x\"", "1 to 1048576");
    REFUSED("", "train.batch=", "--set train.batch=", "whole number");
    REFUSED("", "train.batch", "--set train.batch:", "section.key=value");
    REFUSED("", "batch=3", "section.key=value");
    REFUSED("", "train.bach=3", "--set train.bach=3", "`train.bach`", "epochs, batch");
    REFUSED("", "a.b=3", "`a`", "experiment, data");
    REFUSED("", "", "section.key=value");
    REFUSED("", "experiment.name=../x", "`experiment.name`", "slash");
    REFUSED("", "data.file=\xff", "`data.file`", "UTF-8");
    REFUSED("", "data.file=a\nb", "`data.file`");
    REFUSED("", "train.seed=-1", "0 to 9223372036854775807");
}
END_TEST

START_TEST(not_a_configuration)
{
    static const char *const texts[] = {
        "a: *b",
        "&a a: 1",
        "? [x]\n: 1",
        "- 1\n- 2",
        "3",
        "train: {batch: 1",
        "\t\ttrain:",
        "%YAML 9",
        "--- a\n--- b",
        "\xff\xfe\xfd",
        "train: &x {}",
        "data: !!map {}",
        "l2: {c: !!float 1}",
        "l2: {c: |\n 1",
        "\"\\0\": 1",
        "train: {? {a: b} : c}",
        "l2:\n  - c: 1",
    };
    config c;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        ck_assert_msg(config_parse(&c, texts[i], strlen(texts[i]), "f", NULL, 0) == LS_EUSAGE, "%s", texts[i]);
        ck_assert_msg(strncmp(error_message(), "f:", 2) == 0, "%s", error_message());
    }
    ck_assert_int_eq(config_parse(&c, "", 0, "empty", NULL, 0), LS_EUSAGE);
    ck_assert(strstr(error_message(), "empty: `experiment.name` is missing"));
    const char *const both[] = {"experiment.name=x", "data.file=y"};
    ck_assert_int_eq(config_parse(&c, "# nothing\ntrain:\n", 17, "f", both, 2), 0);
    config_free(&c);
    ck_assert_int_eq(config_load(&c, "/no/such/file.yaml", NULL, 0), LS_EUSAGE);
    ck_assert(strstr(error_message(), "/no/such/file.yaml"));
    ck_assert_int_eq(config_load(&c, "/", NULL, 0), LS_EUSAGE);
    ck_assert_int_eq(config_load(&c, "/dev/zero", NULL, 0), LS_EUSAGE);
}
END_TEST

/* Somebody who knows of a width and a height, and what is reported to them. */
typedef struct known_sizes {
    char reported[128];
    int code;
} known_sizes;

static int know_sizes(void *context, const config *c, config_sets *out)
{
    static const char *const sets[] = {"model.alpha=0.5", "data.height=64", "data.width=96"};
    const known_sizes *k = context;
    ck_assert_str_eq(c->experiment.name, "bn");
    *out = (config_sets){sets, 3};
    return k->code;
}

static void report_size(void *context, const char *key, const char *have, const char *known)
{
    known_sizes *k = context;
    const size_t n = strlen(k->reported);
    (void)snprintf(k->reported + n, sizeof k->reported - n, "%s %s %s;", key, have, known);
}

/* What is known comes before defaults and behind what is named. */
START_TEST(what_others_know)
{
    static const char *const sets[] = {"data.width=32", "data.height=64"};
    known_sizes k = {.code = 0};
    const config_adviser adviser = {know_sizes, report_size, &k};
    const config_sets overrides = {sets, 2};
    config c;
    ck_assert_msg(config_load_advised(&c, CONFIG_FOLDER "/bn.yaml", &overrides, &adviser) == 0, "%s", error_message());
    ck_assert(c.model.alpha == 0.5 && c.data.height == 64 && c.data.width == 32);
    ck_assert_str_eq(k.reported, "data.width 32 96;");
    config_free(&c);
    k.code = LS_EIO;
    ck_assert_int_eq(config_load_advised(&c, CONFIG_FOLDER "/bn.yaml", &overrides, &adviser), LS_EIO);
}
END_TEST

/* A valid file with bytes changed, cut and repeated is read or refused, and never anything else. */
START_TEST(damaged_text)
{
    char *valid = NULL;
    config c;
    ck_assert_int_eq(parse(&c, "l2: {c: 0.001}\ntrain: {batch: 16, shuffle: false}\n", NULL), 0);
    ck_assert_int_eq(config_print(&c, &valid), 0);
    config_free(&c);
    const size_t length = strlen(valid);
    char *text = malloc(length);
    ck_assert(text != NULL);
    unsigned long long state = 1;
    for (int i = 0; i < 3000; i++) {
        memcpy(text, valid, length);
        for (int k = 0; k <= i % 4; k++) {
            state = state * 6364136223846793005ULL + 1442695040888963407ULL;
            static const char odd[] = "\0:{}[]&*!|>'\"%@`#,?-~\n\t\xff\xc3 0";
            text[(state >> 33) % length] = odd[(state >> 20) % (sizeof odd - 1)];
        }
        const size_t kept = i % 3 == 0 ? (size_t)(state >> 40) % length : length;
        const int code = config_parse(&c, text, kept, "f", NULL, 0);
        ck_assert(code == 0 || (code == LS_EUSAGE && *error_message()));
        config_free(&c);
    }
    free(text);
    text = malloc(100000);
    ck_assert(text != NULL);
    memset(text, '[', 100000);
    ck_assert_int_eq(config_parse(&c, text, 100000, "deep", NULL, 0), LS_EUSAGE);
    memset(text, 'x', 100000);
    ck_assert_int_eq(config_parse(&c, text, 100000, "long", NULL, 0), LS_EUSAGE);
    free(text);
    free(valid);
}
END_TEST

START_TEST(reference_names_keys)
{
    char *text = NULL;
    ck_assert_int_eq(config_reference(&text), 0);
    ck_assert(strstr(text, "train.batch ") && strstr(text, "1 to 1048576; default 32") && strstr(text, "required"));
    free(text);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("config");
    tcase_add_test(tests, every_file_loads);
    tcase_add_test(tests, every_recipe_loads);
    tcase_add_test(tests, defaults_and_overrides);
    tcase_add_test(tests, printed_reads_back);
    tcase_add_test(tests, a_key_is_one_field);
    tcase_add_test(tests, differences_on_resume);
    tcase_add_test(tests, wrong_keys_and_values);
    tcase_add_test(tests, optimizers_refuse_what_they_have_no_use_for);
    tcase_add_test(tests, timeouts_agree);
    tcase_add_test(tests, wrong_overrides);
    tcase_add_test(tests, not_a_configuration);
    tcase_add_test(tests, what_others_know);
    tcase_add_test(tests, damaged_text);
    tcase_add_test(tests, reference_names_keys);
    return suite_run("config", tests);
}
