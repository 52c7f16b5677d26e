/* The optimizer's vectors in a checkpoint: /lockstep/optimizer/<name>, flat, each with a checksum as attribute. */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "store/checkpoint_private.h"

#define GROUP "lockstep/optimizer"

enum { PATH_SIZE = 128 };

static char *path_of(char *out, const char *name)
{
    (void)snprintf(out, PATH_SIZE, GROUP "/%s", name);
    return out;
}

int checkpoint_write_slots(h5_file *f, const state *s)
{
    char path[PATH_SIZE];
    int code = LS_OK;
    for (size_t i = STATE_SLOTS; code == LS_OK && i < s->count; i++) {
        const state_vector *v = &s->vectors[i];
        code = h5_write(f, path_of(path, v->name), H5_REAL, 1, &v->size, v->values);
        if (code == LS_OK) {
            code = h5_write_attr(f, path, "checksum", H5_UINT64,
                                 &(uint64_t){hash_bytes(HASH_START, v->values, v->size * sizeof(real))});
        }
    }
    return code;
}

static int verify_slot(h5_file *f, const char *path)
{
    uint64_t checksum = 0;
    uint64_t hash = 0;
    int code = h5_read_attr(f, path, "checksum", H5_UINT64, &checksum);
    if (code == LS_OK) {
        code = checkpoint_hash_set(f, path, &hash);
    }
    if (code == LS_OK && hash != checksum) {
        code = error_set(LS_EFORMAT, "%s: %s is damaged (wrong checksum); use an older checkpoint", h5_path(f), path);
    }
    return code;
}

int checkpoint_verify_slots(h5_file *f)
{
    char **names = NULL;
    char path[PATH_SIZE];
    size_t count = 0;
    int code = h5_exists(f, GROUP) ? h5_list(f, GROUP, &names, &count) : LS_OK;
    for (size_t i = 0; code == LS_OK && i < count; i++) {
        code = verify_slot(f, path_of(path, names[i]));
    }
    free(names);
    return code;
}

int checkpoint_read_slots(h5_file *f, state *s)
{
    char path[PATH_SIZE];
    h5_shape shape;
    int code = LS_OK;
    for (size_t i = STATE_SLOTS; code == LS_OK && i < s->count; i++) {
        state_vector *v = &s->vectors[i];
        code = h5_stat(f, path_of(path, v->name), &shape);
        if (code == LS_ENOTFOUND || (code == LS_OK && (shape.rank != 1 || shape.size != v->size))) {
            code = error_set(LS_EFORMAT, "%s: has no %s of %zu numbers, which this optimizer goes on from", h5_path(f),
                             path, v->size);
        }
        if (code == LS_OK) {
            code = h5_read(f, path, H5_REAL, v->size, v->values);
        }
    }
    return code;
}
