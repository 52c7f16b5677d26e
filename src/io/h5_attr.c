#include "io/h5_private.h"
#include "io/h5_remote.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Bytes of the widest number that is read; HDF5 knows integers of any width and would take memory for it. */
enum { MOST_NUMBER = 16 };

int h5_attr_exists(h5_file *f, const char *name, const char *attribute)
{
    if (f->remote != NULL) {
        return h5_ask_number(f, H5_ASK_ATTR_EXISTS, name, attribute);
    }
    h5_enter();
    const int found = h5_walk(f, name) > 0 && H5Aexists_by_name(f->id, name, attribute, H5P_DEFAULT) > 0;
    h5_leave();
    return found;
}

static int attr_fail(const h5_file *f, const char *name, const char *attribute, int code, const char *what)
{
    return error_set(code, "%s: %s: attribute %s: %s", f->path, name, attribute, what);
}

/* Replace or make an attribute and write it. count 0 with data NULL is an empty array. */
static int write_attr(h5_file *f, const char *name, const char *attribute, hid_t stored, hid_t memory, hid_t space,
                      const void *data)
{
    int code = LS_OK;
    hid_t id = -1;
    if (h5_attr_exists(f, name, attribute)) {
        (void)H5Adelete_by_name(f->id, name, attribute, H5P_DEFAULT);
    }
    id = H5Acreate_by_name(f->id, name, attribute, stored, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (id < 0 || (data != NULL && H5Awrite(id, memory, data) < 0)) {
        code = attr_fail(f, name, attribute, LS_EIO, "cannot be written");
    }
    h5_drop(id);
    return code;
}

int h5_write_attr(h5_file *f, const char *name, const char *attribute, h5_type type, const void *value)
{
    h5_enter();
    const hid_t space = H5Screate(H5S_SCALAR);
    const int code = write_attr(f, name, attribute, h5_stored_type(type), h5_memory_type(type), space, value);
    h5_drop(space);
    h5_leave();
    return code;
}

/* A scalar when scalar is set (strings[0]), else a one-dimensional array. */
static int write_text(h5_file *f, const char *name, const char *attribute, const char *const *strings, size_t count,
                      int scalar)
{
    const hsize_t length = count;
    hid_t type = -1;
    hid_t space = -1;
    char *text = NULL;
    h5_enter();
    int code = h5_put_strings(f, name, strings, count, &type, &text);
    if (code != LS_OK) {
        goto cleanup;
    }
    space = scalar ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &length, NULL);
    code = write_attr(f, name, attribute, type, type, space, count == 0 ? NULL : text);
cleanup:
    free(text);
    h5_drop(space);
    h5_drop(type);
    h5_leave();
    return code;
}

int h5_write_attr_string(h5_file *f, const char *name, const char *attribute, const char *value)
{
    return write_text(f, name, attribute, &value, 1, 1);
}

int h5_write_attr_strings(h5_file *f, const char *name, const char *attribute, const char *const *v, size_t count)
{
    return write_text(f, name, attribute, v, count, 0);
}

static int open_attr(h5_file *f, const char *name, const char *attribute, hid_t *out)
{
    *out = h5_attr_exists(f, name, attribute) ? H5Aopen_by_name(f->id, name, attribute, H5P_DEFAULT, H5P_DEFAULT) : -1;
    return *out < 0 ? attr_fail(f, name, attribute, LS_ENOTFOUND, "is missing") : LS_OK;
}

int h5_read_attr(h5_file *f, const char *name, const char *attribute, h5_type type, void *out)
{
    if (f->remote != NULL) {
        const h5_request q = {.ask = H5_ASK_ATTR_NUMBER, .type = type, .name = name, .attribute = attribute};
        return h5_remote_get(f->remote, &q, out, sizeof(uint64_t));
    }
    hid_t id = -1;
    hid_t stored = -1;
    hid_t space = -1;
    h5_enter();
    int code = open_attr(f, name, attribute, &id);
    if (code != LS_OK) {
        goto cleanup;
    }
    stored = H5Aget_type(id);
    space = H5Aget_space(id);
    const H5T_class_t kind = stored < 0 ? H5T_NO_CLASS : H5Tget_class(stored);
    if ((kind != H5T_INTEGER && kind != H5T_FLOAT) || H5Tget_size(stored) > MOST_NUMBER || space < 0 ||
        H5Sget_simple_extent_npoints(space) != 1) {
        code = attr_fail(f, name, attribute, LS_EFORMAT, "is not one number");
        goto cleanup;
    }
    if (H5Aread(id, h5_memory_type(type), out) < 0) {
        code = attr_fail(f, name, attribute, LS_EFORMAT, "cannot be read: the file is damaged");
    }
cleanup:
    h5_drop(space);
    h5_drop(stored);
    h5_drop(id);
    h5_leave();
    return code;
}

int h5_read_attr_strings(h5_file *f, const char *name, const char *attribute, char ***out, size_t *count)
{
    if (f->remote != NULL) {
        return h5_ask_texts(f, H5_ASK_ATTR_STRINGS, name, attribute, out, count);
    }
    hid_t id = -1;
    *out = NULL;
    *count = 0;
    h5_enter();
    int code = open_attr(f, name, attribute, &id);
    if (code == LS_OK) {
        code = h5_get_strings(f, name, id, 1, out, count);
    }
    h5_drop(id);
    h5_leave();
    return code;
}

int h5_read_attr_string(h5_file *f, const char *name, const char *attribute, char **out)
{
    char **strings = NULL;
    size_t count = 0;
    *out = NULL;
    int code = h5_read_attr_strings(f, name, attribute, &strings, &count);
    if (code != LS_OK) {
        return code;
    }
    if (count != 1) {
        code = attr_fail(f, name, attribute, LS_EFORMAT, "is not one string");
    } else {
        *out = strdup(strings[0]);
        code = *out == NULL ? attr_fail(f, name, attribute, LS_ENOMEM, "out of memory") : LS_OK;
    }
    free(strings);
    return code;
}
