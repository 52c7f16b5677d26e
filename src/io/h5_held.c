#include "io/h5_private.h"
#include "io/h5_remote.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/size.h"

struct h5_held {
    h5_file *f; /* not owned */
    char *name; /* owned */
    h5_type type;
    h5_place place;
};

int h5_find_place(h5_file *f, const char *name, h5_type type, h5_place *out)
{
    hid_t set = -1;
    hid_t stored = -1;
    hid_t space = -1;
    hid_t creation = -1;
    hsize_t size = 0;
    *out = (h5_place){0};
    if (f->remote != NULL) {
        const h5_request q = {.ask = H5_ASK_PLACE, .type = type, .name = name};
        return h5_remote_get(f->remote, &q, out, sizeof *out);
    }
    h5_enter();
    int code = h5_open_numbers(f, name, &set);
    if (code != LS_OK) {
        goto cleanup;
    }
    stored = H5Dget_type(set);
    space = H5Dget_space(set);
    creation = H5Dget_create_plist(set);
    if (stored < 0 || creation < 0 || space < 0 || H5Sget_simple_extent_ndims(space) != 1 ||
        H5Sget_simple_extent_dims(space, &size, NULL) < 0) {
        code = h5_fail(f, name, LS_EFORMAT, "is not a one-dimensional array");
        goto cleanup;
    }
    out->size = size;
    if (H5Pget_layout(creation) == H5D_CONTIGUOUS && H5Tequal(stored, h5_memory_type(type)) > 0) {
        const haddr_t offset = H5Dget_offset(set);
        out->offset = offset == HADDR_UNDEF ? 0 : offset;
        out->bytes = H5Dget_storage_size(set);
    }
cleanup:
    h5_drop(creation);
    h5_drop(space);
    h5_drop(stored);
    h5_drop(set);
    h5_leave();
    return code;
}

/* A place that is one: within the file, and as long as its numbers. */
static int check_place(const h5_held *held)
{
    const h5_place *p = &held->place;
    uint64_t bytes = 0;
    const uint64_t file = h5_size(held->f);
    if (__builtin_mul_overflow(p->size, (uint64_t)h5_width(held->type), &bytes) ||
        (p->offset > 0 && (p->bytes != bytes || p->offset > file || bytes > file - p->offset))) {
        return h5_fail(held->f, held->name, LS_EFORMAT, "does not lie within the file: the file is damaged");
    }
    return LS_OK;
}

int h5_hold(h5_held **out, h5_file *f, const char *name, h5_type type)
{
    *out = NULL;
    h5_held *held = calloc(1, sizeof *held);
    if (held == NULL) {
        return h5_fail(f, name, LS_ENOMEM, "out of memory");
    }
    *held = (h5_held){.f = f, .name = strdup(name), .type = type};
    int code = held->name == NULL ? h5_fail(f, name, LS_ENOMEM, "out of memory") : LS_OK;
    if (code == LS_OK) {
        code = h5_find_place(f, name, type, &held->place);
    }
    if (code == LS_OK) {
        code = check_place(held);
    }
    if (code == LS_OK) {
        *out = held;
    } else {
        h5_let_go(held);
    }
    return code;
}

int h5_read_held(h5_held *held, size_t start, size_t count, void *out)
{
    const h5_place *p = &held->place;
    if (start > p->size || count > p->size - start) {
        return error_set(LS_EFORMAT, "%s: %s: has no elements %zu to %zu", held->f->path, held->name, start,
                         start + count);
    }
    if (count == 0) {
        return LS_OK;
    }
    if (p->offset == 0) {
        return h5_read_slice(held->f, held->name, held->type, start, count, 1, out);
    }
    const size_t width = h5_width(held->type);
    return file_read_at(held->f->descriptor, out, count * width, p->offset + start * width, held->f->path);
}

void h5_let_go(h5_held *held)
{
    if (held != NULL) {
        free(held->name);
        free(held);
    }
}
