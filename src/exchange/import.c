#include "exchange/import.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "exchange/archive_member.h"
#include "exchange/keras_file.h"
#include "exchange/match.h"
#include "exchange/safetensors.h"
#include "io/seal.h"
#include "store/weights_file.h"

struct importer {
    char *path;
    source *s; /* what the file holds: own, or keras.s */
    source own;
    safetensors tensors;
    keras_file keras;
    weights_file weights;
    char *prefix; /* of all names of a safetensors file: "module." */
    match m;
    import_facts facts;
};

/* --- What a file is ---------------------------------------------------------------------------------------------- */

typedef enum kind { KIND_UNKNOWN, KIND_HDF5, KIND_ZIP, KIND_PICKLE, KIND_SAFETENSORS } kind;

static int kind_of(kind *out, const char *path)
{
    enum { START = 16 };
    char bytes[START] = "";
    uint64_t size = 0;
    int descriptor = -1;
    *out = KIND_UNKNOWN;
    int code = file_open_regular(&descriptor, &size, path);
    if (code != LS_OK) {
        return code;
    }
    code = file_read_at(descriptor, bytes, size < START ? (size_t)size : START, 0, path);
    (void)close(descriptor);
    if (memcmp(bytes, "\x89HDF\r\n\x1a\n", 8) == 0) {
        *out = KIND_HDF5;
    } else if (memcmp(bytes, "PK\x03\x04", 4) == 0) {
        *out = KIND_ZIP;
    } else if (bytes[0] == '\x80' && bytes[1] >= 2 && bytes[1] <= 5) {
        *out = KIND_PICKLE;
    } else if (bytes[8] == '{') {
        *out = KIND_SAFETENSORS;
    }
    return code;
}

static int refuse_pickle(const char *path)
{
    return error_set(LS_EUSAGE,
                     "%s: is a pickle, which can run programs when it is read; make a safetensors file of its weights: "
                     "python3 -c \"import torch, safetensors.torch as s; s.save_file(torch.load('%s', "
                     "map_location='cpu', weights_only=True), 'weights.safetensors')\"",
                     path, file_name(path));
}

/* "archive/data.pkl" */
static bool is_pickle_member(const char *name)
{
    return strcmp(file_name(name), "data.pkl") == 0;
}

/* --- safetensors ------------------------------------------------------------------------------------------------- */

static int read_safetensors(void *context, const source_tensor *t, size_t size, real *out)
{
    const importer *i = context;
    (void)size;
    return safetensors_read(&i->tensors, &i->tensors.tensors[t->at], out);
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text);
    const size_t m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* The convention follows from the first convolution; what is before its name is before all names. */
static bool find_convention(importer *i)
{
    static const struct {
        names_convention convention;
        const char *first;
    } conventions[] = {{NAMES_TORCHVISION, "features.0.0.weight"}, {NAMES_TIMM, "conv_stem.weight"}};
    for (size_t c = 0; c < sizeof conventions / sizeof *conventions; c++) {
        for (size_t k = 0; k < i->tensors.count; k++) {
            const char *name = i->tensors.tensors[k].name;
            if (ends_with(name, conventions[c].first)) {
                i->own.convention = conventions[c].convention;
                i->prefix = strndup(name, strlen(name) - strlen(conventions[c].first));
                return true;
            }
        }
    }
    return false;
}

/* Whether a name is "classifier.weight", or with a number in between that tells the layers' order. */
static bool is_classifier(const char *name, bool *is_kernel, size_t *number)
{
    static const char start[] = "classifier.";
    if (strncmp(name, start, sizeof start - 1) != 0) {
        return false;
    }
    const char *leaf = name + sizeof start - 1;
    const size_t digits = strspn(leaf, "0123456789");
    *number = 0;
    if (digits > 0 && leaf[digits] == '.') {
        *number = strtoul(leaf, NULL, 10);
        leaf += digits + 1;
    }
    *is_kernel = strcmp(leaf, "weight") == 0;
    return *is_kernel || strcmp(leaf, "bias") == 0;
}

/* The dense layers are those whose kernels have two dimensions, by their numbers. */
static int take_classifier(importer *i, const char *name, const safetensors_tensor *t, bool is_kernel, size_t number,
                           size_t numbers[SOURCE_MOST_DENSE])
{
    source *s = &i->own;
    size_t at = 0;
    while (at < s->dense_count && numbers[at] < number) {
        at++;
    }
    if (at == s->dense_count || numbers[at] != number) {
        if (s->dense_count == SOURCE_MOST_DENSE) {
            return error_set(LS_EFORMAT, "%s: tensor %s: there are too many layers behind the network", i->path, name);
        }
        memmove(&s->dense[at + 1], &s->dense[at], (s->dense_count - at) * sizeof s->dense[0]);
        memmove(&numbers[at + 1], &numbers[at], (s->dense_count - at) * sizeof numbers[0]);
        s->dense[at] = (source_dense){0};
        numbers[at] = number;
        s->dense_count++;
    }
    source_tensor *to = is_kernel ? &s->dense[at].kernel : &s->dense[at].bias;
    free(to->name); /* "classifier.1.weight" and "classifier.01.weight" */
    return source_set(to, name, t->rank, t->shape, (size_t)(t - i->tensors.tensors));
}

static int take_tensor(importer *i, const safetensors_tensor *t, size_t numbers[SOURCE_MOST_DENSE])
{
    const size_t n = strlen(i->prefix);
    bool is_kernel = false;
    size_t number = 0;
    const char *name = t->name + n;
    if (ends_with(t->name, "num_batches_tracked")) { /* what PyTorch counts for itself */
        return LS_OK;
    }
    if (strncmp(t->name, i->prefix, n) != 0) {
        return error_set(LS_EFORMAT, "%s: tensor %s is none of the network's, whose names begin with %s", i->path,
                         t->name, i->prefix);
    }
    if (is_classifier(name, &is_kernel, &number)) {
        return take_classifier(i, name, t, is_kernel, number, numbers);
    }
    return source_add(&i->own, name, t->rank, t->shape, (size_t)(t - i->tensors.tensors));
}

static int open_safetensors(importer *i)
{
    size_t numbers[SOURCE_MOST_DENSE] = {0};
    int code = safetensors_open(&i->tensors, i->path);
    if (code != LS_OK) {
        return code;
    }
    i->own = (source){.read = read_safetensors, .context = i};
    i->s = &i->own;
    if (!find_convention(i)) {
        return error_set(LS_EFORMAT,
                         "%s: is neither torchvision's mobilenet_v2 nor timm's mobilenetv2: there is no tensor "
                         "features.0.0.weight or conv_stem.weight",
                         i->path);
    }
    if (i->prefix == NULL) {
        return error_set(LS_ENOMEM, "%s: out of memory", i->path);
    }
    for (size_t k = 0; code == LS_OK && k < i->tensors.count; k++) {
        code = take_tensor(i, &i->tensors.tensors[k], numbers);
    }
    return code;
}

/* --- Files of the article's network ------------------------------------------------------------------------------ */

static int read_weights(void *context, const source_tensor *t, size_t size, real *out)
{
    const importer *i = context;
    h5_type type = H5_OTHER;
    double *values = calloc(size + 1, sizeof *values);
    if (values == NULL) {
        return error_set(LS_ENOMEM, "%s: out of memory for tensor %s", i->path, t->name);
    }
    const int code = weights_file_read(&i->weights, t->at, values, &type);
    for (size_t k = 0; code == LS_OK && k < size; k++) {
        out[k] = (real)values[k];
    }
    free(values);
    return code;
}

static int take_variable(importer *i, size_t at)
{
    char name[NAMES_SIZE];
    source *s = &i->own;
    const tensor_info *info = &i->weights.table.tensors[at];
    if (info->role == TENSOR_DENSE_KERNEL && s->dense_count < SOURCE_MOST_DENSE) {
        s->dense_count++;
    }
    if (info->role == TENSOR_DENSE_KERNEL || info->role == TENSOR_DENSE_BIAS) {
        source_dense *d = &s->dense[s->dense_count - 1];
        return source_set(info->role == TENSOR_DENSE_KERNEL ? &d->kernel : &d->bias, info->layer, info->rank,
                          info->shape, at);
    }
    (void)snprintf(name, sizeof name, "%s/%s", info->layer,
                   info->role == TENSOR_DEPTHWISE_KERNEL ? "kernel" : tensor_role_name(info->role));
    return source_add(s, name, info->rank, info->shape, at);
}

static int open_weights(importer *i)
{
    int code = weights_file_open(&i->weights, i->path);
    i->own = (source){.convention = NAMES_LAYERS, .read = read_weights, .context = i};
    i->s = &i->own;
    for (size_t k = 0; code == LS_OK && k < i->weights.table.count; k++) {
        code = take_variable(i, k);
    }
    return code;
}

/* --- Keras ------------------------------------------------------------------------------------------------------- */

/* A sealed file is a checkpoint; so is one that lost a part, which says so then. */
static int open_hdf5(importer *i)
{
    seal_state seal;
    int code = seal_check(&seal, i->path);
    if (code != LS_OK) {
        return code;
    }
    if (seal.verdict != SEAL_NONE) {
        return open_weights(i);
    }
    code = keras_file_open(&i->keras, i->path, false);
    i->s = &i->keras.s;
    /* By position, as its layers have names of their own. */
    return code == LS_OK && i->keras.is_legacy && !i->keras.is_named ? open_weights(i) : code;
}

static int open_zip(importer *i)
{
    bool is = false;
    int code = archive_member_any(&is, i->path, is_pickle_member);
    if (code == LS_OK && is) {
        return refuse_pickle(i->path);
    }
    if (code == LS_OK) {
        code = archive_member_any(&is, i->path, keras_file_is_member);
    }
    if (code == LS_OK && !is) {
        return error_set(LS_EFORMAT, "%s: is a zip file, but no model of Keras: there is no model.weights.h5 in it",
                         i->path);
    }
    if (code == LS_OK) {
        code = keras_file_open(&i->keras, i->path, true);
        i->s = &i->keras.s;
    }
    return code;
}

/* --- Facts ------------------------------------------------------------------------------------------------------- */

static void set_pixels(import_facts *f, const double mean[3], const double deviation[3])
{
    memcpy(f->mean, mean, sizeof f->mean);
    memcpy(f->deviation, deviation, sizeof f->deviation);
}

static void set_convention(import_facts *f, names_convention c)
{
    static const double zero[3] = {0, 0, 0};
    static const double one[3] = {1, 1, 1};
    static const double half[3] = {0.5, 0.5, 0.5};
    static const double imagenet_mean[3] = {0.485, 0.456, 0.406};
    static const double imagenet_deviation[3] = {0.229, 0.224, 0.225};
    f->convention = names_of_convention(c);
    f->epsilon = names_is_torch(c) ? 1e-5 : 1e-3;
    f->momentum = names_is_torch(c) ? 0.9 : c == NAMES_KERAS ? 0.999 : 0.99;
    f->spec.options.padding = names_is_torch(c)  ? PADDING_SYMMETRIC
                              : c == NAMES_KERAS ? PADDING_KERAS
                                                 : PADDING_ARTICLE;
    if (names_is_torch(c)) {
        set_pixels(f, imagenet_mean, imagenet_deviation);
    } else if (c == NAMES_KERAS) {
        set_pixels(f, half, half);
    } else {
        set_pixels(f, zero, one);
    }
}

/* Which of the networks it is: that whose names it has; where both have them, as the header says. */
static int decide(names_convention *out, const importer *i, const char *as)
{
    const bool open = i->s->convention == NAMES_LAYERS && i->weights.file == NULL;
    *out = open && i->keras.is_nested ? NAMES_KERAS : i->s->convention;
    if (as == NULL) {
        return LS_OK;
    }
    const bool article = strcmp(as, "article") == 0;
    if (!article && strcmp(as, "keras-applications") != 0) {
        return error_set(LS_EUSAGE, "%s: neither keras-applications nor article", as);
    }
    const names_convention wanted = article ? NAMES_LAYERS : NAMES_KERAS;
    if (!open && wanted != i->s->convention &&
        !(wanted == NAMES_KERAS && i->weights.file != NULL && !i->weights.is_checkpoint)) {
        return error_set(LS_EUSAGE, "%s: is %s, and cannot be read as %s", i->path,
                         names_of_convention(i->s->convention), names_of_convention(wanted));
    }
    *out = wanted;
    return LS_OK;
}

/* What Keras' description says otherwise than the convention. */
static int take_config(importer *i)
{
    const keras_config *c = &i->keras.config;
    import_facts *f = &i->facts;
    f->spec.height = c->height;
    f->spec.width = c->width;
    if (c->norms > 0) {
        f->epsilon = c->epsilon;
        f->momentum = c->momentum;
    }
    if (c->norms_differ) {
        return error_set(LS_EFORMAT, "%s: its layers of BatchNorm have different epsilons, of which Lockstep has one",
                         i->path);
    }
    if (!(f->epsilon > 0 && f->epsilon < 1 && f->momentum >= 0 && f->momentum <= 1)) {
        return error_set(LS_EFORMAT, "%s: its layers of BatchNorm have epsilon %g and momentum %g, which cannot be",
                         i->path, f->epsilon, f->momentum);
    }
    if (c->rescalings > 0) { /* of pixels from 0 to 255 */
        for (int k = 0; k < 3; k++) {
            f->deviation[k] = 1 / (255 * c->scale);
            f->mean[k] = -c->offset * f->deviation[k];
        }
        if (c->rescalings > 1 || !(c->scale > 0) || !isfinite(f->mean[0]) || !isfinite(f->deviation[0])) {
            return error_set(LS_EFORMAT, "%s: it rescales its input in a way that Lockstep cannot", i->path);
        }
    }
    return LS_OK;
}

/* Whether a note is there and begins with n numbers. */
static bool read_numbers(double *out, size_t n, const safetensors *t, const char *note)
{
    const char *at = safetensors_note_of(t, note);
    for (size_t i = 0; at != NULL && i < n; i++) {
        char *end = NULL;
        out[i] = strtod(at, &end);
        at = end == at || !isfinite(out[i]) ? NULL : end;
    }
    return at != NULL;
}

/* What a file of Lockstep's own has noted (exchange/export.h). */
static void take_notes(import_facts *f, const safetensors *t)
{
    double norm[2];
    double pixels[6];
    if (read_numbers(norm, 2, t, "lockstep.batch_norm") && norm[0] > 0 && norm[0] < 1 && norm[1] >= 0 && norm[1] <= 1) {
        f->epsilon = norm[0];
        f->momentum = norm[1];
    }
    if (read_numbers(pixels, 6, t, "lockstep.pixels") && pixels[3] > 0 && pixels[4] > 0 && pixels[5] > 0) {
        set_pixels(f, pixels, pixels + 3);
    }
}

static bool has_norms(const source *s)
{
    return names_is_torch(s->convention) || s->convention == NAMES_KERAS ||
           source_find(s, "batch_normalization/gamma") != NULL;
}

static int take_facts(importer *i, const char *as)
{
    names_convention c = NAMES_LAYERS;
    import_facts *f = &i->facts;
    int code = decide(&c, i, as);
    if (code != LS_OK) {
        return code;
    }
    set_convention(f, c);
    if (i->keras.has_config) {
        code = take_config(i);
    }
    if (i->tensors.path != NULL) {
        take_notes(f, &i->tensors);
    }
    f->spec.options.batch_norm = has_norms(i->s);
    if (code == LS_OK) {
        code = match_find(&i->m, i->s, &f->spec, &f->head_problem, i->path);
    }
    f->spec = i->m.spec;
    f->head_problem = f->head_problem != NULL && *f->head_problem == '\0' ? NULL : f->head_problem;
    f->passed_over = text_of(&i->s->passed_over);
    if (i->weights.is_checkpoint) {
        f->config = i->weights.info.config;
        f->classes = i->weights.info.classes;
        f->class_count = i->weights.info.class_count;
        f->spec.height = i->weights.info.height;
        f->spec.width = i->weights.info.width;
    }
    return code;
}

/* --- The importer ------------------------------------------------------------------------------------------------ */

static int open_file(importer *i)
{
    kind what = KIND_UNKNOWN;
    int code = kind_of(&what, i->path);
    if (code != LS_OK) {
        return code;
    }
    switch (what) {
    case KIND_HDF5: return open_hdf5(i);
    case KIND_ZIP: return open_zip(i);
    case KIND_PICKLE: return refuse_pickle(i->path);
    case KIND_SAFETENSORS: return open_safetensors(i);
    default: break;
    }
    return error_set(LS_EFORMAT,
                     "%s: is no file of weights that can be read: neither safetensors, nor of Keras (.weights.h5, "
                     ".keras, .h5), nor a checkpoint",
                     i->path);
}

int import_open(importer **out, const char *path, const char *as)
{
    *out = NULL;
    importer *i = calloc(1, sizeof *i);
    if (i == NULL || (i->path = strdup(path)) == NULL) {
        free(i);
        return error_set(LS_ENOMEM, "%s: out of memory", path);
    }
    i->tensors.descriptor = -1;
    int code = open_file(i);
    if (code == LS_OK) {
        code = source_finish(i->s, path);
    }
    if (code == LS_OK) {
        code = take_facts(i, as);
    }
    if (code != LS_OK) {
        import_close(i);
        return code;
    }
    *out = i;
    return LS_OK;
}

void import_close(importer *i)
{
    if (i == NULL) {
        return;
    }
    match_release(&i->m);
    source_release(&i->own);
    safetensors_close(&i->tensors);
    keras_file_close(&i->keras);
    weights_file_close(&i->weights);
    free(i->prefix);
    free(i->path);
    free(i);
}

const import_facts *import_facts_of(const importer *i)
{
    return &i->facts;
}

/* --- Numbers ----------------------------------------------------------------------------------------------------- */

static bool is_dense(const tensor_info *info)
{
    return info->role == TENSOR_DENSE_KERNEL || info->role == TENSOR_DENSE_BIAS;
}

static size_t count_network(const tensor_table *t)
{
    size_t count = 0;
    while (count < t->count && !is_dense(&t->tensors[count])) {
        count++;
    }
    return count;
}

/* Whether tensors [start, end) of two tables are the same. */
static bool same_tensors(const tensor_table *a, const tensor_table *b, size_t start, size_t end)
{
    bool same = end <= a->count && end <= b->count;
    for (size_t k = start; same && k < end; k++) {
        same = a->tensors[k].role == b->tensors[k].role && tensor_same_shape(&a->tensors[k], &b->tensors[k]);
    }
    return same;
}

static int check_numbers(const importer *i, const source_tensor *t, const tensor_info *info, const real *values)
{
    for (size_t k = 0; k < info->size; k++) {
        if (!isfinite(values[k])) {
            return error_set(LS_EFORMAT, "%s: tensor %s: holds a number that is not finite", i->path, t->name);
        }
        if (info->role == TENSOR_MOVING_VARIANCE && values[k] < 0) {
            return error_set(LS_EFORMAT, "%s: tensor %s: holds a negative variance", i->path, t->name);
        }
    }
    return LS_OK;
}

static int read_tensor(const importer *i, state *out, size_t k)
{
    const tensor_info *info = &out->table->tensors[k];
    const source_tensor *t = match_tensor(&i->m, i->s, k);
    real *values = calloc(info->size + 1, sizeof *values);
    if (values == NULL) {
        return error_set(LS_ENOMEM, "%s: out of memory for tensor %s", i->path, t->name);
    }
    int code = i->s->read(i->s->context, t, info->size, values);
    if (code == LS_OK) {
        code = check_numbers(i, t, info, values);
    }
    if (code == LS_OK) {
        match_order_from(state_values(out, info), values, info, i->s->convention);
    }
    free(values);
    return code;
}

int import_read(const importer *i, state *out, bool *head_left)
{
    const tensor_table *own = &i->m.table;
    const size_t before_head = count_network(own);
    int code = LS_OK;
    *head_left = i->facts.spec.classes == 0 || out->table->count != own->count ||
                 !same_tensors(own, out->table, before_head, own->count);
    if (count_network(out->table) != before_head || !same_tensors(own, out->table, 0, before_head)) {
        return error_set(LS_EUSAGE, "%s: is of another network than the weights are for: width %g, depth %g", i->path,
                         i->facts.spec.options.alpha, i->facts.spec.options.depth);
    }
    for (size_t k = 0; code == LS_OK && k < (*head_left ? before_head : own->count); k++) {
        code = read_tensor(i, out, k);
    }
    if (code == LS_OK && i->weights.is_checkpoint && i->weights.info.shrink > 0) {
        out->shrink = (state_shrink){i->weights.info.shrink, i->weights.info.shrink_velocity};
    }
    return code;
}
