#include "h5_fill.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "h5_make.h"

/* More than this is not written, and claims of more stay empty. */
enum { MOST_BYTES = 1 << 18 };

static int is_attribute(hid_t id)
{
    return H5Iget_type(id) == H5I_ATTR;
}

static hid_t type_of(hid_t id)
{
    return is_attribute(id) ? H5Aget_type(id) : H5Dget_type(id);
}

/* Elements, and the bytes of them in type; 0 where that is nothing or too much. */
static size_t bytes_of(hid_t id, hid_t type, size_t *elements)
{
    const hid_t space = is_attribute(id) ? H5Aget_space(id) : H5Dget_space(id);
    const hssize_t n = H5Sget_simple_extent_npoints(space);
    const size_t each = H5Tget_size(type);
    (void)H5Sclose(space);
    *elements = 0;
    if (n <= 0 || each == 0 || each > MOST_BYTES || (uint64_t)n > MOST_BYTES / each) {
        return 0;
    }
    *elements = (size_t)n;
    return (size_t)n * each;
}

static void put(hid_t id, hid_t type, const void *bytes)
{
    if (is_attribute(id)) {
        (void)H5Awrite(id, type, bytes);
    } else {
        (void)H5Dwrite(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes);
    }
}

void fill_take(fill_values *out, hid_t source)
{
    size_t n = 0;
    *out = (fill_values){.type = type_of(source)};
    const size_t size = bytes_of(source, out->type, &n);
    /* Pointers read from variable lengths would have to be reclaimed, and what refers to objects is of no use. */
    if (size == 0 || H5Tdetect_class(out->type, H5T_VLEN) > 0 || H5Tis_variable_str(out->type) > 0) {
        return;
    }
    out->bytes = calloc(size, 1);
    FUZZ_CHECK(out->bytes != NULL);
    out->size = size;
    const herr_t status = is_attribute(source) ? H5Aread(source, out->type, out->bytes)
                                               : H5Dread(source, out->type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out->bytes);
    if (status < 0) {
        free(out->bytes);
        out->bytes = NULL;
    }
}

void fill_release(fill_values *v)
{
    if (v->type >= 0) {
        (void)H5Tclose(v->type);
    }
    free(v->bytes);
}

/* The old values, as many as fit, converted by HDF5. */
static void put_old(hid_t id, const fill_values *old)
{
    size_t n = 0;
    if (old->bytes == NULL) {
        return;
    }
    const size_t size = bytes_of(id, old->type, &n);
    if (size == 0) {
        return;
    }
    uint8_t *bytes = calloc(size, 1);
    FUZZ_CHECK(bytes != NULL);
    memcpy(bytes, old->bytes, size < old->size ? size : old->size);
    put(id, old->type, bytes);
    free(bytes);
}

/* Texts, without a zero where the cell is full; or pointers to them. */
static void put_texts(hid_t id, hid_t type, size_t n, size_t size, uint64_t number)
{
    const size_t each = size / n;
    uint8_t *bytes = calloc(size, 1);
    FUZZ_CHECK(bytes != NULL);
    for (size_t i = 0; i < n; i++) {
        const char *text = make_text(number + (number >> 32) * i);
        if (H5Tis_variable_str(type) > 0) {
            if (number >> 63 != 0 && i % 2 == 1) {
                text = NULL;
            }
            memcpy(bytes + i * each, &text, sizeof text);
        } else {
            const size_t length = strlen(text);
            memcpy(bytes + i * each, text, length < each ? length : each);
        }
    }
    put(id, type, bytes);
    free(bytes);
}

/* A pattern: zeros, ones, the number again and again, or counting up. */
static void put_pattern(hid_t id, hid_t type, size_t n, size_t size, unsigned kind, uint64_t number)
{
    const size_t each = size / n;
    uint8_t *bytes = malloc(size);
    FUZZ_CHECK(bytes != NULL);
    memset(bytes, kind == 3 ? 0xff : 0, size);
    for (size_t i = 0; kind > 3 && i < n; i++) {
        const uint64_t value = kind == 4 ? number : number + i;
        memcpy(bytes + i * each, &value, each < sizeof value ? each : sizeof value);
    }
    put(id, type, bytes);
    free(bytes);
}

/* One element of a one-dimensional data set that may claim any number of them. */
static void put_one(hid_t id, hid_t type, uint64_t number)
{
    const size_t each = H5Tget_size(type);
    const hid_t space = is_attribute(id) ? -1 : H5Dget_space(id);
    if (space < 0 || each > MOST_BYTES || H5Sget_simple_extent_ndims(space) != 1) {
        goto cleanup;
    }
    const hsize_t one = 1;
    hsize_t size = 0;
    (void)H5Sget_simple_extent_dims(space, &size, NULL);
    const hsize_t at = number >> 63 != 0 || size == 0 ? 0 : size - 1;
    const hid_t memory = H5Screate_simple(1, &one, NULL);
    uint8_t *bytes = calloc(each + sizeof number, 1);
    FUZZ_CHECK(bytes != NULL);
    memcpy(bytes, &number, sizeof number);
    /* In contiguous storage the last element would make the file as large as it claims to be. */
    const hid_t list = H5Dget_create_plist(id);
    if (H5Pget_layout(list) == H5D_CHUNKED && H5Sselect_hyperslab(space, H5S_SELECT_SET, &at, NULL, &one, NULL) >= 0) {
        (void)H5Dwrite(id, type, memory, space, H5P_DEFAULT, bytes);
    }
    (void)H5Pclose(list);
    (void)H5Sclose(memory);
    free(bytes);
cleanup:
    if (space >= 0) {
        (void)H5Sclose(space);
    }
}

void fill_write(hid_t target, unsigned kind, uint64_t number, const fill_values *old)
{
    size_t n = 0;
    const hid_t type = type_of(target);
    const size_t size = bytes_of(target, type, &n);
    const int pointers = H5Tdetect_class(type, H5T_VLEN) > 0 || H5Tis_variable_str(type) > 0;
    kind %= FILL_KINDS;
    if (kind == 0) {
        put_old(target, old);
    } else if (kind == 5 && size > 0 && H5Tget_class(type) == H5T_STRING) {
        put_texts(target, type, n, size, number);
    } else if (kind == 6 && !pointers) {
        put_one(target, type, number);
    } else if (kind > 1 && size > 0 && (kind == 2 || !pointers)) {
        put_pattern(target, type, n, size, kind, number);
    }
    (void)H5Tclose(type);
}

void fill_poke(hid_t target, unsigned element, uint64_t number)
{
    fill_values v;
    fill_take(&v, target);
    const size_t each = H5Tget_size(v.type);
    if (v.bytes != NULL && each > 0) {
        uint8_t *at = v.bytes + element % (v.size / each) * each;
        if (H5Tget_class(v.type) == H5T_STRING) {
            const char *text = make_text(number);
            const size_t length = strlen(text);
            memset(at, 0, each);
            memcpy(at, text, length < each ? length : each);
        } else {
            memcpy(at, &number, each < sizeof number ? each : sizeof number);
        }
        put(target, v.type, v.bytes);
    }
    fill_release(&v);
}
