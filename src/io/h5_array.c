#include "io/h5_private.h"
#include "io/h5_remote.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"

int h5_open_set(h5_file *f, const char *name, hid_t *out)
{
    *out = -1;
    const int found = h5_walk(f, name);
    if (found < 0) {
        return h5_fail(f, name, LS_EFORMAT, "is a soft or external link; these are not followed");
    }
    *out = found == 0 ? -1 : H5Dopen2(f->id, name, H5P_DEFAULT);
    return *out < 0 ? h5_fail(f, name, LS_ENOTFOUND, "no such data set") : h5_check_storage(f, name, *out);
}

/* In either order of bytes. A size says little: a damaged type has its sign or exponent at another place. */
static h5_type float_type_of(hid_t type)
{
    if (H5Tequal(type, H5T_IEEE_F32LE) > 0 || H5Tequal(type, H5T_IEEE_F32BE) > 0) {
        return H5_FLOAT32;
    }
    return H5Tequal(type, H5T_IEEE_F64LE) > 0 || H5Tequal(type, H5T_IEEE_F64BE) > 0 ? H5_FLOAT64 : H5_OTHER;
}

static h5_type type_of(hid_t type)
{
    const size_t size = H5Tget_size(type);
    const H5T_class_t kind = H5Tget_class(type);
    if (kind == H5T_STRING) {
        return H5_STRING;
    }
    if (kind == H5T_FLOAT) {
        return float_type_of(type);
    }
    if (kind == H5T_INTEGER) {
        const int has_sign = H5Tget_sign(type) != H5T_SGN_NONE;
        if (has_sign) {
            return size == 4 ? H5_INT32 : size == 8 ? H5_INT64 : H5_OTHER;
        }
        return size == 1 ? H5_UINT8 : size == 8 ? H5_UINT64 : H5_OTHER;
    }
    return H5_OTHER;
}

static int shape_of(const h5_file *f, const char *name, hid_t set, h5_shape *out)
{
    int code = LS_OK;
    hsize_t dims[H5S_MAX_RANK] = {0};
    *out = (h5_shape){.type = H5_OTHER, .size = 1};
    const hid_t type = H5Dget_type(set);
    const hid_t space = H5Dget_space(set);
    const int rank = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
    if (type < 0 || rank < 0 || rank > H5_MAX_RANK || H5Sget_simple_extent_dims(space, dims, NULL) < 0) {
        code = h5_fail(f, name, LS_EFORMAT, "the data set's shape cannot be read");
        goto cleanup;
    }
    out->type = type_of(type);
    out->rank = rank;
    for (int i = 0; i < rank; i++) {
        out->dims[i] = (size_t)dims[i];
        if (out->dims[i] != dims[i] || size_mul(&out->size, out->size, out->dims[i]) != 0) {
            code = h5_fail(f, name, LS_EFORMAT, "the data set's size is impossible");
            goto cleanup;
        }
    }
    if (H5Sget_simple_extent_type(space) == H5S_NULL) {
        out->size = 0;
    }
cleanup:
    h5_drop(space);
    h5_drop(type);
    return code;
}

int h5_stat(h5_file *f, const char *name, h5_shape *out)
{
    if (f->remote != NULL) {
        return h5_ask_stat(f, name, out);
    }
    h5_enter();
    hid_t set = -1;
    int code = h5_open_set(f, name, &set);
    if (code == LS_OK) {
        code = shape_of(f, name, set, out);
    }
    h5_drop(set);
    h5_leave();
    return code;
}

/*
 * Make a data set of a stored type, and its parents. Without the time of its making, so that what is written twice has
 * the same bytes.
 */
static hid_t make_set(h5_file *f, const char *name, hid_t type, hid_t space, hid_t creation)
{
    const hid_t list = creation == H5P_DEFAULT ? H5Pcreate(H5P_DATASET_CREATE) : H5Pcopy(creation);
    const int ready = list >= 0 && H5Pset_obj_track_times(list, false) >= 0;
    const hid_t set = ready ? H5Dcreate2(f->id, name, type, space, h5_with_parents(), list, H5P_DEFAULT) : -1;
    h5_drop(list);
    return set;
}

/*
 * Close a data set that was written; code: how that went. HDF5 keeps small pieces back, and finds out only now where
 * there is no room for them.
 */
static int close_written(h5_file *f, const char *name, hid_t set, int code)
{
    if (set >= 0 && H5Dclose(set) < 0 && code == LS_OK) {
        return h5_fail_io(f, name, "the last elements could not be written");
    }
    return code;
}

/* Make and write a data set; data NULL: zeros. The space is dropped. */
static int write_set(h5_file *f, const char *name, hid_t stored, hid_t memory, hid_t space, const void *data)
{
    int code = LS_OK;
    const hid_t set = space < 0 ? -1 : make_set(f, name, stored, space, H5P_DEFAULT);
    if (set < 0) {
        code = h5_fail_io(f, name, "cannot make the data set");
    } else if (data != NULL && H5Dwrite(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0) {
        code = h5_fail_io(f, name, "cannot write the data set");
    }
    code = close_written(f, name, set, code);
    h5_drop(space);
    return code;
}

int h5_write(h5_file *f, const char *name, h5_type type, int rank, const size_t *dims, const void *data)
{
    if (rank < 0 || rank > H5_MAX_RANK || h5_memory_type(type) < 0) {
        return h5_fail(f, name, LS_ERROR, "a data set of this rank or type cannot be written");
    }
    hsize_t extents[H5_MAX_RANK] = {0};
    size_t size = 1;
    for (int i = 0; i < rank; i++) {
        extents[i] = dims[i];
        size = dims[i] == 0 ? 0 : size;
    }
    h5_enter();
    const hid_t space = rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank, extents, NULL);
    const int code = write_set(f, name, h5_stored_type(type), h5_memory_type(type), space, size == 0 ? NULL : data);
    h5_leave();
    return code;
}

int h5_open_numbers(h5_file *f, const char *name, hid_t *out)
{
    const int code = h5_open_set(f, name, out);
    const hid_t type = code == LS_OK ? H5Dget_type(*out) : -1;
    const H5T_class_t kind = type < 0 ? H5T_NO_CLASS : H5Tget_class(type);
    h5_drop(type);
    return code != LS_OK || kind == H5T_FLOAT || kind == H5T_INTEGER
               ? code
               : h5_fail(f, name, LS_EFORMAT, "the data set holds no numbers");
}

int h5_read(h5_file *f, const char *name, h5_type type, size_t size, void *out)
{
    if (f->remote != NULL) {
        return h5_ask_array(f, &(h5_request){H5_ASK_READ, type, 0, size, 1, name, NULL}, out);
    }
    h5_shape shape;
    hid_t set = -1;
    h5_enter();
    int code = h5_open_numbers(f, name, &set);
    if (code == LS_OK) {
        code = shape_of(f, name, set, &shape);
    }
    if (code == LS_OK && shape.size != size) {
        code = error_set(LS_EFORMAT, "%s: %s: the data set has %zu elements, not %zu", f->path, name, shape.size, size);
    }
    if (code == LS_OK && size > 0 && H5Dread(set, h5_memory_type(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, out) < 0) {
        code = h5_fail(f, name, LS_EFORMAT, "the data set cannot be read: the file is damaged");
    }
    h5_drop(set);
    h5_leave();
    return code;
}

/* An open data set and rows of it, in memory and in the file. */
typedef struct selection {
    hid_t set, memory, stored;
} selection;

#define SELECTION_NONE                                                                                                 \
    {                                                                                                                  \
        -1, -1, -1                                                                                                     \
    }

/* Rows [start, start + count) along the first dimension. width: elements that a row must have; 0: any. */
static int select_rows(const h5_file *f, const char *name, selection *s, size_t start, size_t count, size_t width)
{
    h5_shape shape;
    const int code = shape_of(f, name, s->set, &shape);
    if (code != LS_OK) {
        return code;
    }
    const hsize_t first[H5_MAX_RANK] = {start};
    hsize_t length[H5_MAX_RANK] = {count};
    size_t columns =
        1; /* no overflow: the elements were counted, and where there are none, no row is as wide as asked */
    for (int i = 1; i < shape.rank; i++) {
        length[i] = shape.dims[i];
        columns *= shape.dims[i];
    }
    if (shape.rank < 1 || (width > 0 && width != columns) || start > shape.dims[0] || count > shape.dims[0] - start) {
        return error_set(LS_EFORMAT, "%s: %s: has no elements %zu to %zu", f->path, name, start, start + count);
    }
    s->memory = H5Screate_simple(shape.rank, length, NULL);
    s->stored = H5Dget_space(s->set);
    if (s->memory < 0 || s->stored < 0 ||
        H5Sselect_hyperslab(s->stored, H5S_SELECT_SET, first, NULL, length, NULL) < 0) {
        return h5_fail(f, name, LS_EIO, "cannot select elements");
    }
    return LS_OK;
}

int h5_read_slice(h5_file *f, const char *name, h5_type type, size_t start, size_t count, size_t width, void *out)
{
    if (f->remote != NULL) {
        return h5_ask_array(f, &(h5_request){H5_ASK_SLICE, type, start, count, width, name, NULL}, out);
    }
    selection s = SELECTION_NONE;
    h5_enter();
    int code = h5_open_numbers(f, name, &s.set);
    if (code == LS_OK) {
        code = select_rows(f, name, &s, start, count, width);
    }
    if (code == LS_OK && count > 0 && H5Dread(s.set, h5_memory_type(type), s.memory, s.stored, H5P_DEFAULT, out) < 0) {
        code = h5_fail(f, name, LS_EFORMAT, "the data set cannot be read: the file is damaged");
    }
    h5_drop(s.stored);
    h5_drop(s.memory);
    h5_drop(s.set);
    h5_leave();
    return code;
}

/* Write rows, and close the data set; code: how opening it went. */
static int write_rows(h5_file *f, const char *name, h5_type type, selection *s, int code, size_t start, size_t count,
                      const void *data)
{
    if (code == LS_OK) {
        code = select_rows(f, name, s, start, count, 0);
    }
    if (code == LS_OK && count > 0 &&
        H5Dwrite(s->set, h5_memory_type(type), s->memory, s->stored, H5P_DEFAULT, data) < 0) {
        code = h5_fail_io(f, name, "cannot write elements");
    }
    h5_drop(s->stored);
    h5_drop(s->memory);
    return close_written(f, name, s->set, code);
}

int h5_write_slice(h5_file *f, const char *name, h5_type type, size_t start, size_t count, const void *data)
{
    selection s = SELECTION_NONE;
    h5_enter();
    int code = h5_open_set(f, name, &s.set);
    code = write_rows(f, name, type, &s, code, start, count, data);
    h5_leave();
    return code;
}

int h5_create_rows(h5_file *f, const char *name, h5_type type, int rank, const size_t *dims, size_t chunk_rows)
{
    if (rank < 1 || rank > H5_MAX_RANK) {
        return h5_fail(f, name, LS_ERROR, "a data set of this rank cannot grow");
    }
    hsize_t now[H5_MAX_RANK] = {0};
    hsize_t most[H5_MAX_RANK] = {H5S_UNLIMITED};
    hsize_t chunk[H5_MAX_RANK] = {chunk_rows == 0 ? 1 : chunk_rows};
    for (int i = 1; i < rank; i++) {
        now[i] = most[i] = chunk[i] = dims[i];
    }
    h5_enter();
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    const hid_t space = H5Screate_simple(rank, now, most);
    const int ready = creation >= 0 && space >= 0 && H5Pset_chunk(creation, rank, chunk) >= 0;
    const hid_t set = ready ? make_set(f, name, h5_stored_type(type), space, creation) : -1;
    const int code = set < 0 ? h5_fail_io(f, name, "cannot make the data set") : LS_OK;
    h5_drop(set);
    h5_drop(space);
    h5_drop(creation);
    h5_leave();
    return code;
}

int h5_create_growing(h5_file *f, const char *name, h5_type type, size_t columns, size_t chunk_rows)
{
    return h5_create_rows(f, name, type, columns == 0 ? 1 : 2, (size_t[2]){0, columns}, chunk_rows);
}

int h5_append(h5_file *f, const char *name, h5_type type, size_t rows, const void *data)
{
    h5_shape shape = {0};
    selection s = SELECTION_NONE;
    h5_enter();
    int code = h5_open_set(f, name, &s.set);
    if (code == LS_OK) {
        code = shape_of(f, name, s.set, &shape);
    }
    if (code == LS_OK && shape.rank < 1) {
        code = h5_fail(f, name, LS_EFORMAT, "the data set is not one that grows");
    }
    hsize_t extent[H5_MAX_RANK] = {shape.dims[0] + rows};
    for (int i = 1; i < shape.rank; i++) {
        extent[i] = shape.dims[i];
    }
    if (code == LS_OK && H5Dset_extent(s.set, extent) < 0) {
        code = h5_fail_io(f, name, "cannot append rows");
    }
    code = write_rows(f, name, type, &s, code, shape.dims[0], rows, data);
    h5_leave();
    return code;
}

int h5_write_strings(h5_file *f, const char *name, const char *const *strings, size_t count)
{
    const hsize_t length = count;
    hid_t type = -1;
    char *text = NULL;
    h5_enter();
    int code = h5_put_strings(f, name, strings, count, &type, &text);
    if (code == LS_OK) {
        code = write_set(f, name, type, type, H5Screate_simple(1, &length, NULL), count == 0 ? NULL : text);
    }
    free(text);
    h5_drop(type);
    h5_leave();
    return code;
}

int h5_read_strings(h5_file *f, const char *name, char ***out, size_t *count)
{
    if (f->remote != NULL) {
        return h5_ask_texts(f, H5_ASK_STRINGS, name, NULL, out, count);
    }
    hid_t set = -1;
    *out = NULL;
    *count = 0;
    h5_enter();
    int code = h5_open_set(f, name, &set);
    if (code == LS_OK) {
        code = h5_get_strings(f, name, set, 0, out, count);
    }
    h5_drop(set);
    h5_leave();
    return code;
}
