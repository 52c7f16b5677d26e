/* Models that Keras saved: keras.applications.MobileNetV2, alone or in a larger one, and the article's network. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "exchange/import_format.h"
#include "exchange/keras_file.h"
#include "exchange/weights_source.h"
#include "io/archive_member.h"

typedef struct opened {
    keras_file keras;
    weights_source by_position; /* of a file whose layers have names of their own */
} opened;

static int is_keras(bool *out, const import_file *f)
{
    *out = import_is_hdf5(f) || import_is_zip(f);
    return LS_OK;
}

static int check_zip(const char *path)
{
    bool is = false;
    const int code = archive_member_any(&is, path, keras_file_is_member);
    return code != LS_OK || is
               ? code
               : error_set(LS_EFORMAT, "%s: is a zip file, but no model of Keras: there is no model.weights.h5 in it",
                           path);
}

static int open_by_position(import_file *f, opened *o)
{
    f->s = &o->by_position.s;
    f->likely = NAMES_LAYERS;
    f->is_either = true;
    return weights_source_open(&o->by_position, f->path);
}

static int open_keras(import_file *f)
{
    const bool is_zip = import_is_zip(f);
    int code = is_zip ? check_zip(f->path) : LS_OK;
    if (code != LS_OK) {
        return code;
    }
    opened *o = calloc(1, sizeof *o);
    if (o == NULL) {
        return error_set(LS_ENOMEM, "%s: out of memory", f->path);
    }
    const keras_file *k = &o->keras;
    f->own = o;
    f->s = &o->keras.s;
    code = keras_file_open(&o->keras, f->path, is_zip);
    f->is_either = k->s.convention == NAMES_LAYERS;
    f->likely = f->is_either && (k->is_nested || k->config.is_applications) ? NAMES_KERAS : k->s.convention;
    return code == LS_OK && !is_zip && k->is_legacy && !k->is_named ? open_by_position(f, o) : code;
}

static void close_keras(import_file *f)
{
    opened *o = f->own;
    if (o != NULL) {
        weights_source_close(&o->by_position);
        keras_file_close(&o->keras);
        free(o);
    }
}

/* What Keras' description says otherwise than the convention. */
static int take_config(const import_file *file, import_facts *f)
{
    const opened *o = file->own;
    const keras_config *c = &o->keras.config;
    if (!o->keras.has_config) {
        return LS_OK;
    }
    f->spec.height = c->height;
    f->spec.width = c->width;
    if (c->norms > 0) {
        f->epsilon = c->epsilon;
        f->momentum = c->momentum;
    }
    if (c->norms_differ) {
        return error_set(LS_EFORMAT, "%s: its layers of BatchNorm have different epsilons, of which Lockstep has one",
                         file->path);
    }
    if (!(f->epsilon > 0 && f->epsilon < 1 && f->momentum >= 0 && f->momentum <= 1)) {
        return error_set(LS_EFORMAT, "%s: its layers of BatchNorm have epsilon %g and momentum %g, which cannot be",
                         file->path, f->epsilon, f->momentum);
    }
    if (c->rescalings > 0) { /* of pixels from 0 to 255 */
        for (int k = 0; k < 3; k++) {
            f->deviation[k] = 1 / (255 * c->scale);
            f->mean[k] = -c->offset * f->deviation[k];
        }
        if (c->rescalings > 1 || !(c->scale > 0) || !isfinite(f->mean[0]) || !isfinite(f->deviation[0])) {
            return error_set(LS_EFORMAT, "%s: it rescales its input in a way that Lockstep cannot", file->path);
        }
    }
    return LS_OK;
}

const import_format import_keras = {.name = "of Keras (.weights.h5, .keras, .h5)",
                                    .is = is_keras,
                                    .open = open_keras,
                                    .facts = take_config,
                                    .close = close_keras};
