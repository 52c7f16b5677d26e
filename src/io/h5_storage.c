#include "io/h5_private.h"

#include "base/error.h"

enum {
    FOLLOWED_SLACK = 1 << 20, /* bytes of rows that a writer has announced and not yet written */
    PACKED_TIMES = 64,        /* a file's size, that a data set of it may unpack to */
};

/* Whether the data set goes through no filter but those that belong to HDF5 and make at most PACKED_TIMES of a byte. */
static int is_packed(hid_t creation)
{
    const int n = H5Pget_nfilters(creation);
    int known = n > 0;
    for (int i = 0; known && i < n; i++) {
        unsigned flags = 0;
        size_t values = 0;
        const H5Z_filter_t filter = H5Pget_filter2(creation, (unsigned)i, &flags, &values, NULL, 0, NULL, NULL);
        known = filter == H5Z_FILTER_DEFLATE || filter == H5Z_FILTER_SHUFFLE || filter == H5Z_FILTER_FLETCHER32;
    }
    return known;
}

/* UINT64_MAX where the product does not fit. */
static uint64_t times(uint64_t a, uint64_t b)
{
    uint64_t product = 0;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

/* Elements times their size; as many as can be when that is not known. */
static uint64_t claimed_bytes(hid_t set)
{
    const hid_t type = H5Dget_type(set);
    const hid_t space = H5Dget_space(set);
    const hssize_t n = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
    const uint64_t bytes = type >= 0 && n >= 0 ? times((uint64_t)n, H5Tget_size(type)) : UINT64_MAX;
    h5_drop(space);
    h5_drop(type);
    return bytes;
}

/* Bytes of a chunk, which are held in memory whole; 0 where there are no chunks. */
static uint64_t chunk_bytes(hid_t set, hid_t creation)
{
    hsize_t dims[H5S_MAX_RANK] = {0};
    const int rank = H5Pget_layout(creation) == H5D_CHUNKED ? H5Pget_chunk(creation, H5S_MAX_RANK, dims) : 0;
    const hid_t type = rank > 0 ? H5Dget_type(set) : -1;
    uint64_t bytes = type < 0 ? 0 : H5Tget_size(type);
    for (int i = 0; i < rank; i++) {
        bytes = times(bytes, dims[i]);
    }
    h5_drop(type);
    return rank < 0 ? UINT64_MAX : bytes;
}

static int check_sizes(const h5_file *f, const char *name, hid_t set, hid_t creation)
{
    const uint64_t claimed = claimed_bytes(set);
    if (f->writable || claimed == 0) {
        return LS_OK;
    }
    const uint64_t stored = H5Dget_storage_size(set);
    uint64_t most = is_packed(creation) ? times(h5_size(f), PACKED_TIMES) : stored;
    if (f->followed && __builtin_add_overflow(most, (uint64_t)FOLLOWED_SLACK, &most)) {
        most = UINT64_MAX;
    }
    if (stored > h5_size(f) || claimed > most || chunk_bytes(set, creation) > most) {
        return h5_fail(f, name, LS_EFORMAT, "claims more data than the file holds: the file is damaged");
    }
    return LS_OK;
}

int h5_check_storage(const h5_file *f, const char *name, hid_t set)
{
    int code = LS_OK;
    const hid_t creation = H5Dget_create_plist(set);
    if (creation < 0) {
        return h5_fail(f, name, LS_EFORMAT, "the data set's layout cannot be read");
    }
    if (H5Pget_layout(creation) == H5D_VIRTUAL || H5Pget_external_count(creation) > 0) {
        code = h5_fail(f, name, LS_EFORMAT, "has its data in other files; these are not read");
    } else if (H5Pget_nfilters(creation) != 0 &&
               (!f->packed || !is_packed(creation))) { /* a few bytes may then stand for gigabytes */
        code = h5_fail(f, name, LS_EFORMAT,
                       "is compressed or filtered, which is not read here; undo it with `h5repack -f NONE FILE NEW`");
    } else {
        code = check_sizes(f, name, set, creation);
    }
    h5_drop(creation);
    return code;
}
