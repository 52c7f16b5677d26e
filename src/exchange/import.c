#include "exchange/import.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "exchange/import_format.h"
#include "exchange/match.h"

struct importer {
    char *path;
    const import_format *format; /* NULL: not known */
    import_file file;
    match m;
    import_facts facts;
};

/* --- What a file is ---------------------------------------------------------------------------------------------- */

#define FORMAT_ADDRESS(name) &name,
static const import_format *const formats[] = {IMPORT_FORMATS(FORMAT_ADDRESS)};
#undef FORMAT_ADDRESS
enum { FORMATS = sizeof formats / sizeof *formats };

bool import_is_hdf5(const import_file *f)
{
    return memcmp(f->start, "\x89HDF\r\n\x1a\n", 8) == 0;
}

bool import_is_zip(const import_file *f)
{
    return memcmp(f->start, "PK\x03\x04", 4) == 0;
}

static int read_start(import_file *f)
{
    uint64_t size = 0;
    int descriptor = -1;
    int code = file_open_regular(&descriptor, &size, f->path);
    if (code == LS_OK) {
        code = file_read_at(descriptor, f->start, size < IMPORT_START ? (size_t)size : IMPORT_START, 0, f->path);
        (void)close(descriptor);
    }
    return code;
}

/* "PATH: is no file of weights that can be read: neither safetensors, nor a checkpoint, nor ...". */
static int refuse_unknown(const char *path)
{
    text_builder text = {0};
    const char *joint = "neither";
    for (size_t k = 0; k < FORMATS; k++) {
        if (formats[k]->name != NULL) {
            text_add(&text, "%s %s", joint, formats[k]->name);
            joint = ", nor";
        }
    }
    const int code = error_set(LS_EFORMAT, "%s: is no file of weights that can be read: %s", path, text_of(&text));
    text_release(&text);
    return code;
}

static int find_format(importer *i)
{
    int code = read_start(&i->file);
    for (size_t k = 0; code == LS_OK && k < FORMATS; k++) {
        bool is = false;
        code = formats[k]->is(&is, &i->file);
        if (code == LS_OK && is) {
            i->format = formats[k];
            return LS_OK;
        }
    }
    return code == LS_OK ? refuse_unknown(i->path) : code;
}

/* --- Facts ------------------------------------------------------------------------------------------------------- */

void import_set_pixels(import_facts *f, const double mean[3], const double deviation[3])
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
        import_set_pixels(f, imagenet_mean, imagenet_deviation);
    } else if (c == NAMES_KERAS) {
        import_set_pixels(f, half, half);
    } else {
        import_set_pixels(f, zero, one);
    }
}

/* Which of the networks it is: that whose names it has; where both have them, as the header says. */
static int decide(names_convention *out, const import_file *f, const char *as)
{
    *out = f->likely;
    if (as == NULL) {
        return LS_OK;
    }
    const bool article = strcmp(as, "article") == 0;
    if (!article && strcmp(as, "keras-applications") != 0) {
        return error_set(LS_EUSAGE, "%s: neither keras-applications nor article", as);
    }
    *out = article ? NAMES_LAYERS : NAMES_KERAS;
    return f->is_either || *out == f->likely ? LS_OK
                                             : error_set(LS_EUSAGE, "%s: is %s, and cannot be read as %s", f->path,
                                                         names_of_convention(f->likely), names_of_convention(*out));
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
    source *s = i->file.s;
    int code = decide(&c, &i->file, as);
    if (code != LS_OK) {
        return code;
    }
    set_convention(f, c);
    f->spec.options.batch_norm = has_norms(s);
    if (i->format->facts != NULL) {
        code = i->format->facts(&i->file, f);
    }
    if (code == LS_OK) {
        code = match_find(&i->m, s, &f->spec, &f->head_problem, i->path);
    }
    f->spec = i->m.spec;
    f->head_problem = f->head_problem != NULL && *f->head_problem == '\0' ? NULL : f->head_problem;
    f->passed_over = text_of(&s->passed_over);
    return code;
}

/* --- The importer ------------------------------------------------------------------------------------------------ */

static int open_file(importer *i)
{
    int code = find_format(i);
    if (code == LS_OK) {
        code = i->format->open(&i->file);
    }
    return code == LS_OK ? source_finish(i->file.s, i->path) : code;
}

int import_open(importer **out, const char *path, const char *as)
{
    *out = NULL;
    importer *i = calloc(1, sizeof *i);
    if (i == NULL || (i->path = strdup(path)) == NULL) {
        free(i);
        return error_set(LS_ENOMEM, "%s: out of memory", path);
    }
    i->file.path = i->path;
    int code = open_file(i);
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
    if (i->format != NULL && i->format->close != NULL) {
        i->format->close(&i->file);
    }
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
    const source_tensor *t = match_tensor(&i->m, i->file.s, k);
    real *values = calloc(info->size + 1, sizeof *values);
    if (values == NULL) {
        return error_set(LS_ENOMEM, "%s: out of memory for tensor %s", i->path, t->name);
    }
    int code = i->file.s->read(i->file.s->context, t, info->size, values);
    if (code == LS_OK) {
        code = check_numbers(i, t, info, values);
    }
    if (code == LS_OK) {
        match_order_from(state_values(out, info), values, info, i->file.s->convention);
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
    if (code == LS_OK && i->format->finish != NULL) {
        i->format->finish(&i->file, out);
    }
    return code;
}
