#include "io/h5_private.h"
#include "io/h5_remote.h"

#include <stdbool.h>
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
    uint64_t *chunks; /* owned; where each lies; NULL: the place has none */
};

/* Elements of a chunk that is whole rows of such a data set; 0: it is none. */
static uint64_t chunk_of_rows(hid_t creation, const h5_shape *shape, uint64_t row)
{
    hsize_t chunk[H5S_MAX_RANK] = {0};
    if (H5Pget_chunk(creation, shape->rank, chunk) != shape->rank) {
        return 0;
    }
    bool whole = true;
    for (int i = 1; i < shape->rank; i++) {
        whole = whole && chunk[i] == shape->dims[i];
    }
    uint64_t elements = 0;
    return whole && !__builtin_mul_overflow(chunk[0], row, &elements) ? elements : 0;
}

/*
 * Whether HDF5's part of the file begins at its first byte. It may not (H5Pset_userblock; MATLAB's files), and then
 * H5Dget_chunk_info_by_coord counts from there before HDF5 1.14.4.
 */
static bool begins_at_once(const h5_file *f)
{
    hsize_t before = 1;
    const hid_t creation = H5Fget_create_plist(f->id);
    const bool known = creation >= 0 && H5Pget_userblock(creation, &before) >= 0;
    h5_drop(creation);
    return known && before == 0;
}

/* Of an open data set. Compressed data does not lie there as it is. */
static void find_layout(h5_place *out, const h5_file *f, hid_t set, hid_t creation, const h5_shape *shape)
{
    if (H5Pget_layout(creation) == H5D_CONTIGUOUS) {
        const haddr_t offset = H5Dget_offset(set);
        out->offset = offset == HADDR_UNDEF ? 0 : offset;
        out->bytes = H5Dget_storage_size(set);
    } else if (H5Pget_layout(creation) == H5D_CHUNKED && H5Pget_nfilters(creation) == 0 && begins_at_once(f)) {
        out->chunk = chunk_of_rows(creation, shape, out->row);
    }
}

int h5_find_place(h5_file *f, const char *name, h5_type type, h5_place *out)
{
    h5_shape shape = {0};
    hid_t set = -1;
    hid_t stored = -1;
    hid_t creation = -1;
    *out = (h5_place){0};
    if (f->remote != NULL) {
        const h5_request q = {.ask = H5_ASK_PLACE, .type = type, .name = name};
        return h5_remote_get(f->remote, &q, out, sizeof *out);
    }
    h5_enter();
    int code = h5_stat(f, name, &shape);
    if (code == LS_OK) {
        code = h5_open_numbers(f, name, &set);
    }
    if (code != LS_OK) {
        goto cleanup;
    }
    stored = H5Dget_type(set);
    creation = H5Dget_create_plist(set);
    if (stored < 0 || creation < 0 || shape.rank < 1) {
        code = h5_fail(f, name, LS_EFORMAT, "is not an array");
        goto cleanup;
    }
    out->size = shape.size;
    out->row = 1;
    for (int i = 1; i < shape.rank; i++) {
        out->row *= shape.size == 0 ? 1 : shape.dims[i];
    }
    if (H5Tequal(stored, h5_memory_type(type)) > 0) {
        find_layout(out, f, set, creation, &shape);
    }
cleanup:
    h5_drop(creation);
    h5_drop(stored);
    h5_drop(set);
    h5_leave();
    return code;
}

int h5_find_chunks(h5_file *f, const char *name, uint64_t count, uint64_t *out)
{
    hid_t set = -1;
    hid_t creation = -1;
    hsize_t first[H5S_MAX_RANK] = {0};
    hsize_t dims[H5S_MAX_RANK] = {0};
    if (f->remote != NULL) {
        const h5_request q = {.ask = H5_ASK_CHUNKS, .count = count, .name = name};
        return h5_remote_get(f->remote, &q, out, count * sizeof *out);
    }
    h5_enter();
    int code = h5_open_numbers(f, name, &set);
    if (code == LS_OK) {
        creation = H5Dget_create_plist(set);
        code = H5Pget_chunk(creation, H5S_MAX_RANK, dims) > 0 ? LS_OK
                                                              : h5_fail(f, name, LS_EFORMAT, "does not lie in chunks");
    }
    for (uint64_t i = 0; code == LS_OK && i < count; i++) {
        first[0] = i * dims[0];
        haddr_t address = HADDR_UNDEF;
        hsize_t bytes = 0;
        unsigned unfiltered = 0;
        if (H5Dget_chunk_info_by_coord(set, first, &unfiltered, &address, &bytes) < 0) {
            code = h5_fail(f, name, LS_EFORMAT, "has chunks that cannot be found: the file is damaged");
        }
        out[i] = address == HADDR_UNDEF ? 0 : address;
    }
    h5_drop(creation);
    h5_drop(set);
    h5_leave();
    return code;
}

/* Whether so many bytes lie in the file. */
static bool is_within(const h5_held *held, uint64_t offset, uint64_t bytes)
{
    const uint64_t file = h5_size(held->f);
    return offset <= file && bytes <= file - offset;
}

static int damaged(const h5_held *held)
{
    return h5_fail(held->f, held->name, LS_EFORMAT, "does not lie within the file: the file is damaged");
}

/* A place that is one: of whole rows, within the file, and as long as its numbers. */
static int check_place(const h5_held *held)
{
    const h5_place *p = &held->place;
    uint64_t bytes = 0;
    if (p->row == 0 || p->size % p->row != 0 || p->chunk % p->row != 0 ||
        __builtin_mul_overflow(p->size, (uint64_t)h5_width(held->type), &bytes) ||
        (p->offset > 0 && (p->bytes != bytes || !is_within(held, p->offset, bytes)))) {
        return damaged(held);
    }
    return LS_OK;
}

/* Where its chunks lie. HDF5 reads them where some lie nowhere, as they are zeros. */
static int take_chunks(h5_held *held)
{
    const h5_place *p = &held->place;
    const uint64_t count = h5_place_chunks(p);
    uint64_t bytes = 0;
    if (count == 0) {
        return LS_OK;
    }
    if (__builtin_mul_overflow(p->chunk, (uint64_t)h5_width(held->type), &bytes) || !is_within(held, 0, count)) {
        return damaged(held);
    }
    held->chunks = calloc((size_t)count, sizeof *held->chunks);
    if (held->chunks == NULL) {
        return h5_fail(held->f, held->name, LS_ENOMEM, "out of memory");
    }
    int code = h5_find_chunks(held->f, held->name, count, held->chunks);
    bool all = true;
    for (uint64_t i = 0; code == LS_OK && i < count; i++) {
        all = all && held->chunks[i] > 0;
        code = is_within(held, held->chunks[i], held->chunks[i] > 0 ? bytes : 0) ? LS_OK : damaged(held);
    }
    if (!all) {
        free(held->chunks);
        held->chunks = NULL;
    }
    return code;
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
        code = take_chunks(held);
    }
    if (code == LS_OK) {
        *out = held;
    } else {
        h5_let_go(held);
    }
    return code;
}

/* Elements from `first` on that lie behind each other in the file, `count` at most: to the end of a chunk, and of those
 * that follow it at once. */
static size_t run_of(const h5_held *held, size_t first, size_t count)
{
    const size_t chunk = (size_t)held->place.chunk;
    const uint64_t bytes = chunk * h5_width(held->type);
    size_t at = first / chunk;
    size_t run = chunk - first % chunk;
    while (run < count && held->chunks[at + 1] == held->chunks[at] + bytes) {
        run += chunk;
        at++;
    }
    return run < count ? run : count;
}

/* With as few reads as can be, as each may be a message to a file server. */
static int read_chunks(const h5_held *held, size_t start, size_t count, char *out)
{
    const size_t width = h5_width(held->type);
    const size_t chunk = (size_t)held->place.chunk;
    int code = LS_OK;
    for (size_t done = 0; code == LS_OK && done < count;) {
        const size_t first = start + done;
        const size_t run = run_of(held, first, count - done);
        const uint64_t offset = held->chunks[first / chunk] + first % chunk * width;
        code = file_read_at(held->f->descriptor, out + done * width, run * width, offset, held->f->path);
        done += run;
    }
    return code;
}

/* By HDF5, which gives whole rows. */
static int read_rows(const h5_held *held, size_t start, size_t count, char *out)
{
    const size_t row = (size_t)held->place.row;
    const size_t first = start / row;
    const size_t rows = (start + count - 1) / row + 1 - first;
    if (rows * row == count) {
        return h5_read_slice(held->f, held->name, held->type, first, rows, row, out);
    }
    const size_t width = h5_width(held->type);
    char *all = malloc(rows * row * width);
    if (all == NULL) {
        return h5_fail(held->f, held->name, LS_ENOMEM, "out of memory");
    }
    const int code = h5_read_slice(held->f, held->name, held->type, first, rows, row, all);
    if (code == LS_OK) {
        memcpy(out, all + (start - first * row) * width, count * width);
    }
    free(all);
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
    if (held->chunks != NULL) {
        return read_chunks(held, start, count, out);
    }
    if (p->offset == 0) {
        return read_rows(held, start, count, out);
    }
    const size_t width = h5_width(held->type);
    return file_read_at(held->f->descriptor, out, count * width, p->offset + start * width, held->f->path);
}

void h5_let_go(h5_held *held)
{
    if (held != NULL) {
        free(held->name);
        free(held->chunks);
        free(held);
    }
}
