#include "config/schema.h"

#include <string.h>

/* NOLINTNEXTLINE(bugprone-macro-parentheses): a member has no parentheses */
#define FIELD(s, k)           .section = #s, .name = #k, .offset = offsetof(config, s.k), .size = sizeof(((config *)0)->s.k)
#define BOOL(s, k, otherwise) FIELD(s, k), .kind = KEY_BOOL, .fallback = (otherwise)
#define STEPS(s, k, otherwise, least, most, by)                                                                        \
    FIELD(s, k), .kind = KEY_INT, .fallback = (otherwise), .min = (least), .max = (most), .step = (by)
#define INT(s, k, otherwise, least, most) STEPS(s, k, otherwise, least, most, 1)
#define REAL(s, k, otherwise, least, most)                                                                             \
    FIELD(s, k), .kind = KEY_REAL, .fallback = (otherwise), .low = (least), .high = (most)
#define TEXT(s, k, otherwise) FIELD(s, k), .kind = KEY_TEXT, .fallback = (otherwise)
#define CHOICE(s, k, otherwise, list)                                                                                  \
    FIELD(s, k), .kind = KEY_CHOICE, .fallback = (otherwise), .choices = (list), .choice_count = CYAML_ARRAY_LEN(list)

static const cyaml_strval_t fits[] = {{"stretch", CONFIG_STRETCH}, {"crop", CONFIG_CROP}};
static const cyaml_strval_t scales[] = {{"unit", CONFIG_UNIT}, {"signed", CONFIG_SIGNED}};
static const cyaml_strval_t orientations[] = {
    {"auto", CONFIG_AUTO}, {"apply", CONFIG_APPLY}, {"ignore", CONFIG_IGNORE}};
static const cyaml_strval_t precisions[] = {{"float32", CONFIG_FLOAT32}, {"mixed", CONFIG_MIXED}};
static const cyaml_strval_t modes[] = {{"sync", CONFIG_SYNC}, {"local", CONFIG_LOCAL}};
static const cyaml_strval_t evaluates[] = {{"moving", CONFIG_MOVING}, {"precise", CONFIG_PRECISE}};
static const cyaml_strval_t variances[] = {{"biased", CONFIG_BIASED}, {"unbiased", CONFIG_UNBIASED}};

#define SECTION(s)                                                                                                     \
    {                                                                                                                  \
#s, offsetof(config, s), sizeof(((config *)0)->s)                                                              \
    }
const config_section schema_sections[SCHEMA_SECTIONS] = {
    SECTION(experiment), SECTION(data),       SECTION(model), SECTION(batch_norm), SECTION(l2),
    SECTION(train),      SECTION(checkpoint), SECTION(check), SECTION(log),        SECTION(timeouts),
};

const config_key schema_keys[] = {
    {TEXT(experiment, name, NULL), .plain_name = true, .help = "name of the run and of its folder"},

    {TEXT(data, file, NULL), .is_path = true, .may_change = true, .help = "data set made by `lockstep pack`"},
    {TEXT(data, stage, ""), .may_be_empty = true, .may_change = true,
     .help = "folder of each node for a copy of the data set, such as $TMPDIR"},
    {INT(data, height, "224", 32, 2048), .help = "rows of the network's input"},
    {INT(data, width, "224", 32, 2048), .help = "columns of the network's input"},
    {CHOICE(data, fit, "stretch", fits), .help = "resize to the input's shape, or cut out the middle first"},
    {CHOICE(data, scale, "unit", scales), .help = "pixels become 0..1 or -1..1"},
    {CHOICE(data, orientation, "auto", orientations),
     .help = "turn pictures as their tag says; auto: as the data set means it"},
    {BOOL(data, augment, "false"), .help = "random resized crop and flip in training"},
    {REAL(data, augment_min_scale, "0.08", 0, 1), .above = true, .help = "smallest share of the area in a random crop"},
    {INT(data, loader_threads, "1", 0, 64), .may_change = true, .help = "decoding threads a rank; 0: chosen for you"},

    {BOOL(model, batch_norm, "true"), .help = "a BatchNorm after each convolution"},
    {CHOICE(model, precision, "float32", precisions), .help = "mixed: what passes between layers is stored in bf16"},

    {CHOICE(batch_norm, mode, "sync", modes), .help = "moments over the global batch, or over a rank's part"},
    {CHOICE(batch_norm, evaluate, "moving", evaluates), .may_change = true,
     .help = "validate by moving or re-estimated statistics"},
    {CHOICE(batch_norm, moving_variance, "biased", variances), .help = "what the moving variance averages"},
    {REAL(batch_norm, momentum, "0.99", 0, 1), .help = "of the moving statistics"},
    {REAL(batch_norm, epsilon, "0.001", 0, 1), .above = true, .help = "added to the variance"},
    {INT(batch_norm, precise_batches, "0", 0, 1000000), .may_change = true,
     .help = "batches for evaluate: precise; 0: a whole epoch"},

    {REAL(l2, c, "0", 0, 1000), .help = "adds c times the sum of squared weights to the loss"},

    {INT(train, epochs, "10", 1, 1000000), .may_change = true, .help = "epochs to train"},
    {INT(train, batch, "32", 1, 1048576), .help = "samples a step, over all ranks"},
    {STEPS(train, shard, "4", 4, 8, 4), .help = "samples a shard, the unit of work and of reduction"},
    {REAL(train, learning_rate, "0.1", 0, 1000), .help = "of plain SGD"},
    {INT(train, steps_per_epoch, "0", 0, 1000000000), .help = "updates an epoch; 0: once through the samples"},
    {INT(train, seed, "1", 0, INT64_MAX), .help = "of starting weights, order and augmentation"},
    {BOOL(train, shuffle, "true"), .help = "a new order of the samples in each epoch"},
    {INT(train, threads, "1", 1, 1024), .may_change = true, .help = "computing threads a rank"},

    {TEXT(checkpoint, dir, "checkpoints"), .is_path = true, .may_change = true, .help = "folder of the runs' folders"},
    {INT(checkpoint, every_epochs, "1", 0, 1000000), .may_change = true,
     .help = "epochs between checkpoints; 0: only after the last"},
    {INT(checkpoint, every_steps, "0", 0, 1000000000), .may_change = true,
     .help = "steps between checkpoints; 0: none within an epoch"},
    {REAL(checkpoint, every_minutes, "0", 0, 1000000), .may_change = true,
     .help = "minutes between checkpoints, by the clock of rank 0; 0: none by the clock"},
    {INT(checkpoint, keep, "0", 0, 1000000), .may_change = true, .help = "newest checkpoints to keep; 0: all"},
    {INT(checkpoint, keep_best, "0", 0, 1000000), .may_change = true,
     .help = "and that many of those with the best validation accuracy"},

    {INT(check, replicas_every, "100", 0, 1000000000), .may_change = true,
     .help = "steps between comparisons of the ranks' weights; 0: only where an epoch ends"},

    {INT(log, every_steps, "0", 0, 1000000000), .may_change = true, .help = "steps between progress lines; 0: none"},
    {TEXT(log, print_layer, "conv2d"), .may_change = true, .help = "layer whose first weights are printed"},
    {INT(log, print_count, "10", 0, 1000), .may_change = true, .help = "how many of them"},

    {REAL(timeouts, stall, "60", 0, 1000000), .may_change = true,
     .help = "seconds without progress until a report says who is waited for; 0: never"},
    {REAL(timeouts, abort, "300", 0, 1000000), .may_change = true,
     .help = "seconds without progress until the job ends; 0: never"},
};
_Static_assert(CYAML_ARRAY_LEN(schema_keys) == SCHEMA_KEYS, "SCHEMA_KEYS counts the keys");

static cyaml_schema_value_t cyaml_value(const config_key *key)
{
    switch (key->kind) {
    case KEY_BOOL: return (cyaml_schema_value_t){.type = CYAML_BOOL, .data_size = (uint32_t)key->size};
    case KEY_INT: return (cyaml_schema_value_t){.type = CYAML_INT, .data_size = (uint32_t)key->size};
    case KEY_REAL: return (cyaml_schema_value_t){.type = CYAML_FLOAT, .data_size = (uint32_t)key->size};
    case KEY_CHOICE:
        return (cyaml_schema_value_t){.type = CYAML_ENUM,
                                      .flags = CYAML_FLAG_STRICT,
                                      .data_size = (uint32_t)key->size,
                                      .enumeration = {.strings = key->choices, .count = key->choice_count}};
    case KEY_TEXT: break;
    }
    return (cyaml_schema_value_t){.type = CYAML_STRING,
                                  .flags = CYAML_FLAG_POINTER,
                                  .data_size = sizeof(char),
                                  .string = {.min = key->may_be_empty ? 0 : 1, .max = CYAML_UNLIMITED}};
}

void schema_build(schema_cyaml *out)
{
    memset(out, 0, sizeof *out);
    size_t next = 0, field = 0;
    for (size_t s = 0; s < SCHEMA_SECTIONS; s++) {
        const config_section *section = &schema_sections[s];
        out->root[s] = (cyaml_schema_field_t){
            .key = section->name,
            .data_offset = (uint32_t)section->offset,
            .value = {.type = CYAML_MAPPING,
                      .data_size = (uint32_t)section->size,
                      .mapping = {.fields = &out->fields[field]}},
        };
        for (; next < SCHEMA_KEYS && strcmp(schema_keys[next].section, section->name) == 0; next++) {
            const config_key *key = &schema_keys[next];
            out->fields[field++] = (cyaml_schema_field_t){
                .key = key->name,
                .data_offset = (uint32_t)(key->offset - section->offset),
                .value = cyaml_value(key),
            };
        }
        field++; /* the end mark: a field of zeros */
    }
    out->top = (cyaml_schema_value_t){.type = CYAML_MAPPING,
                                      .flags = CYAML_FLAG_POINTER,
                                      .data_size = sizeof(config),
                                      .mapping = {.fields = out->root}};
}

int schema_find_section(const char *section)
{
    for (int s = 0; s < SCHEMA_SECTIONS; s++)
        if (strcmp(schema_sections[s].name, section) == 0)
            return s;
    return -1;
}

int schema_find_key(const char *section, const char *name)
{
    for (int k = 0; k < SCHEMA_KEYS; k++)
        if (strcmp(schema_keys[k].section, section) == 0 && strcmp(schema_keys[k].name, name) == 0)
            return k;
    return -1;
}

void schema_list(FILE *out, const char *section)
{
    const char *separator = "";
    if (!section) {
        for (size_t s = 0; s < SCHEMA_SECTIONS; s++, separator = ", ")
            fprintf(out, "%s%s", separator, schema_sections[s].name);
        return;
    }
    for (size_t k = 0; k < SCHEMA_KEYS; k++)
        if (strcmp(schema_keys[k].section, section) == 0) {
            fprintf(out, "%s%s", separator, schema_keys[k].name);
            separator = ", ";
        }
}
