/* Lockstep's own checkpoints. */
#include <stdlib.h>

#include "base/error.h"
#include "exchange/import_format.h"
#include "exchange/weights_source.h"
#include "io/seal.h"

/* A sealed file is a checkpoint; so is one that lost a part, which says so when it is opened. */
static int is_checkpoint(bool *out, const import_file *f)
{
    seal_state seal = {.verdict = SEAL_NONE};
    const int code = import_is_hdf5(f) ? seal_check(&seal, f->path) : LS_OK;
    *out = code == LS_OK && seal.verdict != SEAL_NONE;
    return code;
}

static int open_checkpoint(import_file *f)
{
    weights_source *w = calloc(1, sizeof *w);
    if (w == NULL) {
        return error_set(LS_ENOMEM, "%s: out of memory", f->path);
    }
    f->own = w;
    f->s = &w->s;
    f->likely = NAMES_LAYERS;
    return weights_source_open(w, f->path);
}

static int facts_of_checkpoint(const import_file *f, import_facts *out)
{
    const weights_source *w = f->own;
    const checkpoint_info *info = &w->file.info;
    out->config = info->config;
    out->classes = info->classes;
    out->class_count = info->class_count;
    out->spec.height = info->height;
    out->spec.width = info->width;
    return LS_OK;
}

static void take_shrink(const import_file *f, state *out)
{
    const weights_source *w = f->own;
    const checkpoint_info *info = &w->file.info;
    if (info->shrink > 0) {
        out->shrink = (state_shrink){info->shrink, info->shrink_velocity};
    }
}

static void close_checkpoint(import_file *f)
{
    weights_source *w = f->own;
    if (w != NULL) {
        weights_source_close(w);
        free(w);
    }
}

const import_format import_checkpoint = {.name = "a checkpoint",
                                         .is = is_checkpoint,
                                         .open = open_checkpoint,
                                         .facts = facts_of_checkpoint,
                                         .finish = take_shrink,
                                         .close = close_checkpoint};
