#include "io/h5_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "base/text.h"

int h5_put_strings(const h5_file *f, const char *name, const char *const *strings, size_t count, hid_t *type,
                   char **text)
{
    size_t cell = 1;
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t size = strlen(strings[i]) + 1;
        cell = size > cell ? size : cell;
    }
    *type = H5Tcopy(H5T_C_S1);
    if (*type < 0 || H5Tset_size(*type, cell) < 0 || H5Tset_cset(*type, H5T_CSET_UTF8) < 0 ||
        size_mul(&total, cell, count) != 0) {
        return h5_fail(f, name, LS_EIO, "the strings cannot be written");
    }
    *text = calloc(total + 1, 1);
    if (*text == NULL) {
        return h5_fail(f, name, LS_ENOMEM, "out of memory for strings");
    }
    for (size_t i = 0; i < count; i++) {
        memcpy(*text + i * cell, strings[i], strlen(strings[i]));
    }
    return LS_OK;
}

/* Length of a fixed-size string: up to its zero, without the spaces of a space-padded type. */
static size_t fixed_length(const char *text, size_t cell, int space_padded)
{
    size_t length = strnlen(text, cell);
    while (space_padded && length > 0 && text[length - 1] == ' ') {
        length--;
    }
    return length;
}

/* Add the n strings of raw, pointers (variable) or cells, each with its zero. */
static void add_strings(text_builder *out, const void *raw, size_t n, int variable, size_t cell, int space_padded)
{
    for (size_t i = 0; i < n; i++) {
        const char *text = variable ? ((char *const *)raw)[i] : (const char *)raw + i * cell;
        const size_t length = text == NULL ? 0 : variable ? strlen(text) : fixed_length(text, cell, space_padded);
        text_add_bytes(out, text, length);
        text_add_bytes(out, "", 1);
    }
}

/* Read all strings of an open data set or attribute of n of them. */
static int read_strings(const h5_file *f, const char *name, hid_t source, int attribute, hid_t type, hid_t space,
                        size_t n, char ***out)
{
    int code = LS_OK;
    const int variable = H5Tis_variable_str(type) > 0;
    hsize_t texts_size = 0;
    text_builder texts = {0};
    /*
     * Many strings may be one text in the file, and take the memory of many. One alone cannot; for a scalar, HDF5 would
     * write past its memory.
     */
    if (variable && !attribute && n > 1 &&
        (H5Dvlen_get_buf_size(source, type, space, &texts_size) < 0 || texts_size > h5_size(f))) {
        return h5_fail(f, name, LS_EFORMAT, "holds more text than the file has");
    }
    const size_t cell = variable ? sizeof(char *) : H5Tget_size(type);
    void *raw = calloc(n + 1, cell);
    if (raw == NULL) {
        return h5_fail(f, name, LS_ENOMEM, "out of memory for strings");
    }
    const herr_t status = n == 0      ? 0
                          : attribute ? H5Aread(source, type, raw)
                                      : H5Dread(source, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, raw);
    if (status < 0) {
        code = h5_fail(f, name, LS_EFORMAT, "the strings cannot be read: the file is damaged");
        goto cleanup;
    }
    add_strings(&texts, raw, n, variable, cell, H5Tget_strpad(type) == H5T_STR_SPACEPAD);
    *out = text_take_list(&texts, NULL);
    if (*out == NULL) {
        code = h5_fail(f, name, LS_ENOMEM, "out of memory for strings");
    }
    if (variable && n > 0) {
        (void)H5Dvlen_reclaim(type, space, H5P_DEFAULT, raw);
    }
cleanup:
    free(raw);
    return code;
}

int h5_get_strings(const h5_file *f, const char *name, hid_t source, int attribute, char ***out, size_t *count)
{
    int code = LS_OK;
    const hid_t type = attribute ? H5Aget_type(source) : H5Dget_type(source);
    const hid_t space = attribute ? H5Aget_space(source) : H5Dget_space(source);
    const hssize_t n = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
    size_t bytes = 0;
    if (space >= 0 && H5Sget_simple_extent_ndims(space) > 1) { /* HDF5 may divide by 0 when it frees such strings */
        code = h5_fail(f, name, LS_EFORMAT, "holds strings in more than one dimension");
    } else if (n == 0) { /* h5py writes an empty array of strings as numbers */
        *out = text_take_list(&(text_builder){0}, NULL);
        code = *out == NULL ? h5_fail(f, name, LS_ENOMEM, "out of memory for strings") : LS_OK;
    } else if (type < 0 || n < 0 || H5Tget_class(type) != H5T_STRING || H5Tget_size(type) == 0 ||
               size_mul(&bytes, (size_t)n, H5Tget_size(type)) != 0) {
        code = h5_fail(f, name, LS_EFORMAT, "holds no strings");
    } else if (bytes > h5_size(f)) {
        code = h5_fail(f, name, LS_EFORMAT, "holds more text than the file has");
    } else {
        code = read_strings(f, name, source, attribute, type, space, (size_t)n, out);
    }
    if (code == LS_OK) {
        *count = (size_t)n;
    }
    h5_drop(space);
    h5_drop(type);
    return code;
}
