#include "io/h5_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

struct h5_held {
    h5_file *f; /* not owned */
    char *name; /* owned */
    h5_type type;
    hid_t set, space; /* owned; reads change the selection of `space` */
    size_t size;      /* elements */
};

static void release(h5_held *held)
{
    h5_enter();
    h5_drop(held->space);
    h5_drop(held->set);
    h5_leave();
    free(held->name);
    free(held);
}

/* Under the lock. */
static int look_up(h5_held *held)
{
    hsize_t size = 0;
    int code = h5_open_set(held->f, held->name, &held->set);
    code = code != LS_OK ? code : h5_check_numeric(held->f, held->name, held->set);
    if (code != LS_OK) {
        return code;
    }
    held->space = H5Dget_space(held->set);
    if (held->space < 0 || H5Sget_simple_extent_ndims(held->space) != 1 ||
        H5Sget_simple_extent_dims(held->space, &size, NULL) < 0) {
        return h5_fail(held->f, held->name, LS_EFORMAT, "is not a one-dimensional array");
    }
    held->size = (size_t)size;
    return LS_OK;
}

int h5_hold(h5_held **out, h5_file *f, const char *name, h5_type type)
{
    *out = NULL;
    h5_held *held = calloc(1, sizeof *held);
    if (held == NULL) {
        return h5_fail(f, name, LS_ENOMEM, "out of memory");
    }
    *held = (h5_held){.f = f, .name = strdup(name), .type = type, .set = -1, .space = -1};
    int code = held->name == NULL ? h5_fail(f, name, LS_ENOMEM, "out of memory") : LS_OK;
    if (code == LS_OK) {
        h5_enter();
        code = look_up(held);
        h5_leave();
    }
    if (code == LS_OK) {
        *out = held;
    } else {
        release(held);
    }
    return code;
}

int h5_read_held(h5_held *held, size_t start, size_t count, void *out)
{
    const hsize_t first = start;
    const hsize_t length = count;
    int code = LS_OK;
    if (start > held->size || count > held->size - start) {
        return error_set(LS_EFORMAT, "%s: %s: has no elements %zu to %zu", held->f->path, held->name, start,
                         start + count);
    }
    if (count == 0) {
        return LS_OK;
    }
    h5_enter();
    const hid_t memory = H5Screate_simple(1, &length, NULL);
    if (memory < 0 || H5Sselect_hyperslab(held->space, H5S_SELECT_SET, &first, NULL, &length, NULL) < 0) {
        code = h5_fail(held->f, held->name, LS_EIO, "cannot select elements");
    } else if (H5Dread(held->set, h5_memory_type(held->type), memory, held->space, H5P_DEFAULT, out) < 0) {
        code = h5_fail(held->f, held->name, LS_EFORMAT, "the data set cannot be read: the file is damaged");
    }
    h5_drop(memory);
    h5_leave();
    return code;
}

void h5_let_go(h5_held *held)
{
    if (held != NULL) {
        release(held);
    }
}
