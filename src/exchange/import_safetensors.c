/* safetensors files of torchvision's mobilenet_v2 and timm's mobilenetv2_*, told by the names in them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "exchange/import_format.h"
#include "exchange/safetensors.h"

typedef struct opened {
    safetensors tensors;
    source s;
    char *prefix; /* of all names: "module." */
} opened;

static int is_safetensors(bool *out, const import_file *f)
{
    *out = f->start[8] == '{';
    return LS_OK;
}

/* --- Tensors ------------------------------------------------------------------------------------------------------ */

static int read_safetensors(void *context, const source_tensor *t, size_t size, real *out)
{
    const opened *o = context;
    (void)size;
    return safetensors_read(&o->tensors, &o->tensors.tensors[t->at], out);
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text);
    const size_t m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* The convention follows from the first convolution; what is before its name is before all names. */
static bool find_convention(opened *o)
{
    static const struct {
        names_convention convention;
        const char *first;
    } conventions[] = {{NAMES_TORCHVISION, "features.0.0.weight"}, {NAMES_TIMM, "conv_stem.weight"}};
    for (size_t c = 0; c < sizeof conventions / sizeof *conventions; c++) {
        for (size_t k = 0; k < o->tensors.count; k++) {
            const char *name = o->tensors.tensors[k].name;
            if (ends_with(name, conventions[c].first)) {
                o->s.convention = conventions[c].convention;
                o->prefix = strndup(name, strlen(name) - strlen(conventions[c].first));
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
static int take_classifier(opened *o, const char *name, const safetensors_tensor *t, bool is_kernel, size_t number,
                           size_t numbers[SOURCE_MOST_DENSE])
{
    source *s = &o->s;
    size_t at = 0;
    while (at < s->dense_count && numbers[at] < number) {
        at++;
    }
    if (at == s->dense_count || numbers[at] != number) {
        if (s->dense_count == SOURCE_MOST_DENSE) {
            return error_set(LS_EFORMAT, "%s: tensor %s: there are too many layers behind the network", o->tensors.path,
                             name);
        }
        memmove(&s->dense[at + 1], &s->dense[at], (s->dense_count - at) * sizeof s->dense[0]);
        memmove(&numbers[at + 1], &numbers[at], (s->dense_count - at) * sizeof numbers[0]);
        s->dense[at] = (source_dense){0};
        numbers[at] = number;
        s->dense_count++;
    }
    source_tensor *to = is_kernel ? &s->dense[at].kernel : &s->dense[at].bias;
    free(to->name); /* "classifier.1.weight" and "classifier.01.weight" */
    return source_set(to, name, t->rank, t->shape, (size_t)(t - o->tensors.tensors));
}

static int take_tensor(opened *o, const safetensors_tensor *t, size_t numbers[SOURCE_MOST_DENSE])
{
    const size_t n = strlen(o->prefix);
    bool is_kernel = false;
    size_t number = 0;
    const char *name = t->name + n;
    if (ends_with(t->name, "num_batches_tracked")) { /* what PyTorch counts for itself */
        return LS_OK;
    }
    if (strncmp(t->name, o->prefix, n) != 0) {
        return error_set(LS_EFORMAT, "%s: tensor %s is none of the network's, whose names begin with %s",
                         o->tensors.path, t->name, o->prefix);
    }
    if (is_classifier(name, &is_kernel, &number)) {
        return take_classifier(o, name, t, is_kernel, number, numbers);
    }
    return source_add(&o->s, name, t->rank, t->shape, (size_t)(t - o->tensors.tensors));
}

static int take_tensors(opened *o)
{
    size_t numbers[SOURCE_MOST_DENSE] = {0};
    int code = LS_OK;
    if (!find_convention(o)) {
        return error_set(LS_EFORMAT,
                         "%s: is neither torchvision's mobilenet_v2 nor timm's mobilenetv2: there is no tensor "
                         "features.0.0.weight or conv_stem.weight",
                         o->tensors.path);
    }
    if (o->prefix == NULL) {
        return error_set(LS_ENOMEM, "%s: out of memory", o->tensors.path);
    }
    for (size_t k = 0; code == LS_OK && k < o->tensors.count; k++) {
        code = take_tensor(o, &o->tensors.tensors[k], numbers);
    }
    return code;
}

static int open_safetensors(import_file *f)
{
    opened *o = calloc(1, sizeof *o);
    if (o == NULL) {
        return error_set(LS_ENOMEM, "%s: out of memory", f->path);
    }
    o->s = (source){.read = read_safetensors, .context = o};
    f->own = o;
    f->s = &o->s;
    int code = safetensors_open(&o->tensors, f->path);
    if (code == LS_OK) {
        code = take_tensors(o);
    }
    f->likely = o->s.convention;
    return code;
}

static void close_safetensors(import_file *f)
{
    opened *o = f->own;
    if (o != NULL) {
        source_release(&o->s);
        safetensors_close(&o->tensors);
        free(o->prefix);
        free(o);
    }
}

/* --- Notes -------------------------------------------------------------------------------------------------------- */

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
static int take_notes(const import_file *file, import_facts *f)
{
    const opened *o = file->own;
    const safetensors *t = &o->tensors;
    double norm[2];
    double pixels[6];
    if (read_numbers(norm, 2, t, "lockstep.batch_norm") && norm[0] > 0 && norm[0] < 1 && norm[1] >= 0 && norm[1] <= 1) {
        f->epsilon = norm[0];
        f->momentum = norm[1];
    }
    if (read_numbers(pixels, 6, t, "lockstep.pixels") && pixels[3] > 0 && pixels[4] > 0 && pixels[5] > 0) {
        import_set_pixels(f, pixels, pixels + 3);
    }
    return LS_OK;
}

const import_format import_safetensors = {.name = "safetensors",
                                          .is = is_safetensors,
                                          .open = open_safetensors,
                                          .facts = take_notes,
                                          .close = close_safetensors};
