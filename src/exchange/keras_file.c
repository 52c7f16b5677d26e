#include "exchange/keras_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "io/archive_member.h"
#include "store/keras_layout.h"

enum { MOST_NESTING = 6, PATH_SIZE = 1024, MOST_CONFIG = 1 << 26 };
#define MOST_WEIGHTS (UINT64_C(1) << 34)

static const char WEIGHTS_MEMBER[] = "model.weights.h5";
static const char CONFIG_MEMBER[] = "config.json";

/* Where Keras 3 has a model's layers; the second since it had yet to get its number. */
static const char *const containers[] = {"layers", "_layer_checkpoint_dependencies"};

bool keras_file_is_member(const char *name)
{
    return strcmp(name, WEIGHTS_MEMBER) == 0;
}

static int out_of_memory(const keras_file *k)
{
    return error_set(LS_ENOMEM, "%s: out of memory for its layers", h5_path(k->h5));
}

static int read_numbers(void *context, const source_tensor *t, size_t size, real *out)
{
    const keras_file *k = context;
    const char *path = k->paths.bytes + t->at;
    h5_shape shape;
    const int code = h5_stat(k->h5, path, &shape);
    if (code == LS_OK && shape.type != H5_FLOAT32 && shape.type != H5_FLOAT64) {
        return error_set(LS_EFORMAT, "%s: tensor %s holds neither float32 nor float64", h5_path(k->h5), t->name);
    }
    return code != LS_OK ? code : h5_read(k->h5, path, H5_REAL, size, out);
}

/* --- Dense layers ------------------------------------------------------------------------------------------------ */

/* A new dense layer at a place of the list; those from there on move. NULL: there is no room. */
static source_dense *insert_dense(source *s, size_t at)
{
    if (s->dense_count++ >= SOURCE_MOST_DENSE) {
        return NULL;
    }
    memmove(&s->dense[at + 1], &s->dense[at], (s->dense_count - 1 - at) * sizeof s->dense[0]);
    s->dense[at] = (source_dense){0};
    return &s->dense[at];
}

/* The layer of a tensor's name: "dense_1" of "dense_1/kernel". */
static char *layer_of(char out[NAMES_SIZE], const char *name)
{
    const char *end = strrchr(name, '/');
    (void)snprintf(out, NAMES_SIZE, "%.*s", (int)(end != NULL ? end - name : 0), name);
    return out;
}

static size_t place_in_config(const keras_config *c, const source_dense *d)
{
    char layer[NAMES_SIZE];
    size_t i = 0;
    (void)layer_of(layer, d->kernel.name);
    while (i < c->dense_count && strcmp(c->dense[i].name, layer) != 0) {
        i++;
    }
    return i;
}

/* What the description says of the dense layers: their order and activations. */
static void configure_dense(keras_file *k)
{
    source *s = &k->s;
    bool all = k->has_config && s->dense_count <= SOURCE_MOST_DENSE && k->config.dense_count <= KERAS_CONFIG_MOST_DENSE;
    for (size_t i = 0; all && i < s->dense_count; i++) {
        all = s->dense[i].kernel.name != NULL && place_in_config(&k->config, &s->dense[i]) < k->config.dense_count;
    }
    for (size_t i = 1; all && i < s->dense_count; i++) {
        for (size_t j = i;
             j > 0 && place_in_config(&k->config, &s->dense[j]) < place_in_config(&k->config, &s->dense[j - 1]); j--) {
            const source_dense moved = s->dense[j];
            s->dense[j] = s->dense[j - 1];
            s->dense[j - 1] = moved;
        }
    }
    for (size_t i = 0; all && i < s->dense_count; i++) {
        const keras_config_dense *d = &k->config.dense[place_in_config(&k->config, &s->dense[i])];
        (void)snprintf(s->dense[i].activation, sizeof s->dense[i].activation, "%s", d->activation);
    }
    s->dense_unordered = s->dense_unordered && !all;
}

/* --- Keras 3 ----------------------------------------------------------------------------------------------------- */

/* A layer's class, from what its group is called, and which variables it has. */
typedef enum layer_class { CLASS_CONV, CLASS_NORM, CLASS_DENSE, CLASS_OTHER } layer_class;

static const char *const leaves[][4] = {
    [CLASS_CONV] = {"kernel", "bias"},
    [CLASS_NORM] = {"gamma", "beta", "moving_mean", "moving_variance"},
    [CLASS_DENSE] = {"kernel", "bias"},
};

/* Whether a text is a number as Keras counts with them: digits alone. */
static bool is_count(const char *text, size_t *out)
{
    enum { MOST_DIGITS = 9 };
    const size_t n = strspn(text, "0123456789");
    *out = strtoul(text, NULL, 10);
    return n > 0 && n <= MOST_DIGITS && text[n] == '\0';
}

/* *number: that of the group among those of its class, from 0 on. */
static layer_class class_of(const char *group, size_t *number)
{
    static const struct {
        const char *name;
        layer_class is;
    } classes[] = {{"conv2d", CLASS_CONV},
                   {"depthwise_conv2d", CLASS_CONV},
                   {"batch_normalization", CLASS_NORM},
                   {"dense", CLASS_DENSE}};
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        const size_t n = strlen(classes[i].name);
        *number = 0;
        if (strncmp(group, classes[i].name, n) == 0 &&
            (group[n] == '\0' || (group[n] == '_' && is_count(group + n + 1, number)))) {
            return classes[i].is;
        }
    }
    return CLASS_OTHER;
}

/* A layer that is being looked at. */
typedef struct found {
    char path[PATH_SIZE];  /* of its variables: "layers/dense_1/vars" */
    char name[NAMES_SIZE]; /* the layer's, or the group's */
    layer_class is;
    size_t number;
    bool in_network; /* it is in the model that has the depthwise convolutions */
} found;

static int stat_set(keras_file *k, const char *path, size_t *at, h5_shape *shape)
{
    *at = k->paths.length;
    text_add_bytes(&k->paths, path, strlen(path) + 1);
    return k->paths.failed ? out_of_memory(k) : h5_stat(k->h5, path, shape);
}

/* Variable `leaf` of a dense layer or another one, in data set `path`. */
static int add_variable(keras_file *k, source_dense *dense, const char *layer, const char *leaf, const char *path)
{
    char name[2 * NAMES_SIZE];
    h5_shape shape;
    size_t at = 0;
    const int code = stat_set(k, path, &at, &shape);
    (void)snprintf(name, sizeof name, "%s/%s", layer, leaf);
    if (code != LS_OK) {
        return code;
    }
    if (dense == NULL) {
        return source_add(&k->s, name, shape.rank, shape.dims, at);
    }
    source_tensor *t = strcmp(leaf, "kernel") == 0 ? &dense->kernel : &dense->bias;
    free(t->name);
    return source_set(t, name, shape.rank, shape.dims, at);
}

/* Of one container by number; of several, the order is not known. */
static source_dense *place_dense(keras_file *k, const found *l, size_t numbers[SOURCE_MOST_DENSE + 1], size_t first)
{
    source *s = &k->s;
    size_t at = s->dense_count;
    if (s->dense_count >= SOURCE_MOST_DENSE) {
        return insert_dense(s, at);
    }
    s->dense_unordered = s->dense_unordered || first > 0;
    while (at > first && numbers[at - 1] > l->number) {
        numbers[at] = numbers[at - 1];
        at--;
    }
    numbers[at] = l->number;
    return insert_dense(s, at);
}

static int take_variables(keras_file *k, const found *l, source_dense *dense, char *const *variables, size_t count)
{
    char path[PATH_SIZE + 32];
    char leaf[32];
    int code = LS_OK;
    for (size_t i = 0; code == LS_OK && i < count; i++) {
        size_t index = 0;
        const char *known = is_count(variables[i], &index) && index < 4 ? leaves[l->is][index] : NULL;
        (void)snprintf(leaf, sizeof leaf, "%s%.16s", known != NULL ? known : "variable ",
                       known != NULL ? "" : variables[i]);
        (void)snprintf(path, sizeof path, "%s/%.16s", l->path, variables[i]);
        if (dense != NULL && known == NULL) {
            source_pass_over(&k->s, l->name);
            continue;
        }
        code = add_variable(k, dense, l->name, leaf, path);
    }
    return code;
}

/* dense: those of the container so far, numbered as `numbers` says, from `first` on. */
static int take_layer(keras_file *k, const found *l, size_t numbers[SOURCE_MOST_DENSE + 1], size_t first)
{
    char **variables = NULL;
    size_t count = 0;
    int code = h5_list(k->h5, l->path, &variables, &count);
    if (code == LS_OK && count > 0) {
        if (l->is == CLASS_OTHER || (!l->in_network && l->is != CLASS_DENSE)) {
            source_pass_over(&k->s, l->name);
        } else if (l->is == CLASS_DENSE) {
            source_dense *dense = place_dense(k, l, numbers, first);
            code = dense != NULL ? take_variables(k, l, dense, variables, count) : LS_OK;
        } else {
            code = take_variables(k, l, NULL, variables, count);
        }
    }
    free(variables);
    return code;
}

/* The name that the layer has, where the file tells it and it is wanted. */
static int name_layer(keras_file *k, found *l, const char *group, bool by_name)
{
    char *name = NULL;
    int code = LS_OK;
    (void)snprintf(l->name, sizeof l->name, "%.*s", NAMES_SIZE - 1, group);
    if (by_name && h5_attr_exists(k->h5, l->path, "name")) {
        code = h5_read_attr_string(k->h5, l->path, "name", &name);
        if (code == LS_OK) {
            (void)snprintf(l->name, sizeof l->name, "%.*s", NAMES_SIZE - 1, name);
        }
    }
    free(name);
    return code;
}

static int scan(keras_file *k, const char *prefix, int depth, bool by_name);

/* Layers within a layer. */
static int scan_within(keras_file *k, const char *layer, int depth, bool by_name)
{
    char path[PATH_SIZE];
    int code = LS_OK;
    for (size_t i = 0; code == LS_OK && i < sizeof containers / sizeof *containers; i++) {
        const int n = snprintf(path, sizeof path, "%s/%s", layer, containers[i]);
        if (n > 0 && (size_t)n < sizeof path - 64 && h5_exists(k->h5, path)) {
            code = scan(k, path, depth + 1, by_name);
        }
    }
    return code;
}

static int scan_layer(keras_file *k, const char *prefix, const char *group, found *l, bool by_name)
{
    const int n = snprintf(l->path, sizeof l->path, "%s/%s/vars", prefix, group);
    if (n < 0 || (size_t)n >= sizeof l->path || !h5_exists(k->h5, l->path)) {
        return LS_OK;
    }
    l->is = class_of(group, &l->number);
    return name_layer(k, l, group, by_name);
}

/* All layers of the model at `prefix`. */
static int scan(keras_file *k, const char *prefix, int depth, bool by_name)
{
    char **groups = NULL;
    size_t count = 0;
    size_t numbers[SOURCE_MOST_DENSE + 1] = {0};
    char path[PATH_SIZE];
    const size_t first = k->s.dense_count;
    if (depth > MOST_NESTING) {
        return error_set(LS_EFORMAT, "%s: has too many models within each other", h5_path(k->h5));
    }
    int code = h5_list(k->h5, prefix, &groups, &count);
    (void)snprintf(path, sizeof path, "%s/depthwise_conv2d", prefix);
    const bool in_network = code == LS_OK && h5_exists(k->h5, path);
    k->is_nested = k->is_nested || (in_network && depth > 0);
    for (size_t i = 0; code == LS_OK && i < count; i++) {
        found l = {.in_network = in_network};
        code = scan_layer(k, prefix, groups[i], &l, by_name);
        if (code == LS_OK && l.name[0] != '\0') {
            code = take_layer(k, &l, numbers, first);
        }
        (void)snprintf(path, sizeof path, "%s/%.*s", prefix, PATH_SIZE / 2, groups[i]);
        if (code == LS_OK) {
            code = scan_within(k, path, depth, by_name);
        }
    }
    free(groups);
    return code;
}

static int scan_all(keras_file *k, bool by_name)
{
    int code = LS_OK;
    for (size_t i = 0; code == LS_OK && i < sizeof containers / sizeof *containers; i++) {
        if (h5_exists(k->h5, containers[i])) {
            code = scan(k, containers[i], 0, by_name);
        }
    }
    return code;
}

/* --- The older layout -------------------------------------------------------------------------------------------- */

/* Split a data set's path into a layer and a variable: ".../block_1_expand", "kernel" of ".../block_1_expand/kernel:0".
 */
static bool split(char layer[NAMES_SIZE], char leaf[NAMES_SIZE], const char *path)
{
    const char *end = strrchr(path, '/');
    const char *start = end;
    if (end == NULL || end == path) {
        return false;
    }
    while (start > path && start[-1] != '/') {
        start--;
    }
    const size_t n = strcspn(end + 1, ":");
    if (start == end || end - start >= NAMES_SIZE || n == 0 || n >= NAMES_SIZE) {
        return false;
    }
    (void)snprintf(layer, NAMES_SIZE, "%.*s", (int)(end - start), start);
    (void)snprintf(leaf, NAMES_SIZE, "%.*s", (int)n, end + 1);
    if (strcmp(leaf, "depthwise_kernel") == 0) {
        (void)snprintf(leaf, NAMES_SIZE, "kernel");
    }
    return true;
}

/* A kernel of two dimensions begins a dense layer, whose bias comes after it. */
static int take_set(keras_file *k, const char *path)
{
    char layer[NAMES_SIZE];
    char leaf[NAMES_SIZE];
    char last[NAMES_SIZE] = "";
    h5_shape shape;
    source *s = &k->s;
    source_dense *dense = NULL;
    if (!split(layer, leaf, path)) {
        return error_set(LS_EFORMAT, "%s: %s: a variable has a name as Keras gives none", h5_path(k->h5), path);
    }
    int code = h5_stat(k->h5, path, &shape);
    if (code != LS_OK) {
        return code;
    }
    if (strcmp(leaf, "kernel") == 0 && shape.rank == 2) {
        dense = insert_dense(s, s->dense_count < SOURCE_MOST_DENSE ? s->dense_count : 0);
        if (dense == NULL) {
            return LS_OK;
        }
    } else if (strcmp(leaf, "bias") == 0 && s->dense_count > 0 && s->dense_count <= SOURCE_MOST_DENSE) {
        source_dense *before = &s->dense[s->dense_count - 1];
        dense = strcmp(layer_of(last, before->kernel.name), layer) == 0 && before->bias.name == NULL ? before : NULL;
    }
    return add_variable(k, dense, layer, leaf, path);
}

static int scan_legacy(keras_file *k, const char *root)
{
    char **paths = NULL;
    size_t count = 0;
    int code = keras_layout_legacy(k->h5, root, &paths, &count);
    for (size_t i = 0; code == LS_OK && i < count; i++) {
        code = take_set(k, paths[i]);
    }
    free(paths);
    return code;
}

/* --- Files ------------------------------------------------------------------------------------------------------- */

static void drop_source(keras_file *k)
{
    source_release(&k->s);
    k->s = (source){.convention = NAMES_KERAS, .with_extras = true, .read = read_numbers, .context = k};
    k->is_nested = false;
}

static bool has_names(const keras_file *k)
{
    return source_find(&k->s, "Conv1/kernel") != NULL || source_find(&k->s, "expanded_conv_depthwise/kernel") != NULL;
}

static int read_source(keras_file *k)
{
    const char *root = keras_layout_root(k->h5);
    k->is_legacy = root != NULL && strcmp(root, "layers") != 0;
    if (root == NULL && !h5_exists(k->h5, containers[1])) {
        return error_set(LS_EFORMAT, "%s: is no file of weights of Keras", h5_path(k->h5));
    }
    drop_source(k);
    int code = k->is_legacy ? scan_legacy(k, root) : scan_all(k, true);
    if (code == LS_OK) {
        code = source_finish(&k->s, h5_path(k->h5));
    }
    k->is_named = code == LS_OK && has_names(k);
    if (code == LS_OK && !k->is_named && !k->is_legacy) {
        drop_source(k);
        k->s.convention = NAMES_LAYERS;
        code = scan_all(k, false);
        code = code == LS_OK ? source_finish(&k->s, h5_path(k->h5)) : code;
    }
    return code;
}

static int take_config(keras_file *k, const char *text, size_t n, const char *path)
{
    k->has_config = true;
    return keras_config_read(&k->config, text, n, path);
}

static int open_zip(keras_file *k, const char *path)
{
    text_builder text = {0};
    int descriptor = -1;
    int code = archive_member_file(&descriptor, path, WEIGHTS_MEMBER, MOST_WEIGHTS);
    if (code == LS_OK) {
        code = h5_open_descriptor(&k->h5, descriptor, path);
        (void)close(descriptor);
    }
    if (code == LS_OK) {
        code = archive_member_text(&text, path, CONFIG_MEMBER, MOST_CONFIG);
    }
    if (code == LS_OK) {
        code = take_config(k, text_of(&text), text.length, path);
    }
    text_release(&text);
    return code == LS_ENOTFOUND && k->h5 != NULL ? LS_EFORMAT : code;
}

static int open_plain(keras_file *k, const char *path)
{
    char *text = NULL;
    int code = h5_open_read(&k->h5, path);
    if (code == LS_OK && h5_attr_exists(k->h5, "/", "model_config")) {
        code = h5_read_attr_string(k->h5, "/", "model_config", &text);
        code = code == LS_OK ? take_config(k, text, strlen(text), path) : code;
    }
    free(text);
    return code;
}

int keras_file_open(keras_file *out, const char *path, bool is_zip)
{
    *out = (keras_file){0};
    int code = is_zip ? open_zip(out, path) : open_plain(out, path);
    if (code == LS_OK) {
        code = read_source(out);
    }
    if (out->h5 != NULL) {
        const int died = h5_check_reader(out->h5);
        code = died != LS_OK ? died : code == LS_ENOTFOUND ? LS_EFORMAT : code;
    }
    if (code == LS_OK) {
        configure_dense(out);
        out->s.strange = out->config.strange[0] != '\0' ? out->config.strange : NULL;
    }
    return code;
}

void keras_file_close(keras_file *k)
{
    source_release(&k->s);
    text_release(&k->paths);
    (void)h5_close(k->h5);
    *k = (keras_file){0};
}
