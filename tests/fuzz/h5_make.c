#include "h5_make.h"

#include <string.h>

#include "fuzz.h"

static hid_t resized(hid_t type, size_t size)
{
    const hid_t copy = H5Tcopy(type);
    (void)H5Tset_size(copy, size);
    return copy;
}

static hid_t text_type(size_t size, H5T_str_t padding)
{
    const hid_t type = resized(H5T_C_S1, size);
    (void)H5Tset_strpad(type, padding);
    return type;
}

/* An integer or a float whose bits do not fill it. */
static hid_t odd_number(hid_t base, size_t size, size_t precision, size_t offset)
{
    const hid_t type = resized(base, size);
    (void)H5Tset_precision(type, precision);
    (void)H5Tset_offset(type, offset);
    return type;
}

static hid_t half_float(void)
{
    const hid_t type = H5Tcopy(H5T_IEEE_F32LE);
    (void)H5Tset_fields(type, 15, 10, 5, 0, 10);
    (void)H5Tset_precision(type, 16);
    (void)H5Tset_size(type, 2);
    (void)H5Tset_ebias(type, 15);
    return type;
}

static hid_t compound(hid_t member)
{
    const hid_t type = H5Tcreate(H5T_COMPOUND, 16);
    (void)H5Tinsert(type, "a", 0, member);
    (void)H5Tinsert(type, "b", 8, H5T_IEEE_F64LE);
    return type;
}

static hid_t colours(void)
{
    const hid_t type = H5Tenum_create(H5T_STD_I32LE);
    for (int32_t i = 0; i < 3; i++) {
        const char name[2] = {(char)('a' + i), '\0'};
        (void)H5Tenum_insert(type, name, &i);
    }
    return type;
}

static hid_t array_of(hid_t base, hsize_t n)
{
    return H5Tarray_create2(base, 1, &n);
}

hid_t make_type(unsigned choice, uint64_t number, hid_t same)
{
    switch (choice % MAKE_TYPES) {
    case 0: return H5Tcopy(same);
    case 1: return H5Tcopy(H5T_STD_I8LE);
    case 2: return H5Tcopy(H5T_STD_U8LE);
    case 3: return H5Tcopy(H5T_STD_I16BE);
    case 4: return H5Tcopy(H5T_STD_U16LE);
    case 5: return H5Tcopy(H5T_STD_I32LE);
    case 6: return H5Tcopy(H5T_STD_U32BE);
    case 7: return H5Tcopy(H5T_STD_I64LE);
    case 8: return H5Tcopy(H5T_STD_U64LE);
    case 9: return H5Tcopy(H5T_STD_I64BE);
    case 10: return H5Tcopy(H5T_IEEE_F32LE);
    case 11: return H5Tcopy(H5T_IEEE_F64LE);
    case 12: return H5Tcopy(H5T_IEEE_F32BE);
    case 13: return H5Tcopy(H5T_NATIVE_LDOUBLE);
    case 14: return half_float();
    case 15: return odd_number(H5T_STD_I64LE, 8, 13, 7);
    case 16: return odd_number(H5T_STD_U64LE, 16, 100, 3);
    case 17: return resized(H5T_STD_I64LE, 1 + (size_t)(number % 300));
    case 18: return text_type(1, H5T_STR_NULLTERM);
    case 19: return text_type(8, H5T_STR_SPACEPAD);
    case 20: return text_type(16, H5T_STR_NULLPAD);
    case 21: return text_type(40000, H5T_STR_NULLTERM);
    case 22: return text_type(INT32_MAX, H5T_STR_NULLTERM);
    case 23: return text_type(1 + (size_t)(number % 5000), H5T_STR_NULLPAD);
    case 24: return resized(H5T_C_S1, H5T_VARIABLE);
    case 25: return compound(H5T_STD_I32LE);
    case 26: return compound(H5T_C_S1);
    case 27: return array_of(H5T_IEEE_F32LE, 1 + number % 7);
    case 28: return array_of(H5T_STD_U8LE, number);
    case 29: return colours();
    case 30: return H5Tcreate(H5T_OPAQUE, 1 + (size_t)(number % 9));
    case 31: return H5Tcopy(H5T_STD_B64LE);
    case 32: return H5Tcopy(H5T_STD_REF_OBJ);
    default: return H5Tvlen_create(H5T_STD_I32LE);
    }
}

static hid_t space_of(int rank, const hsize_t *dims, const hsize_t *most)
{
    return H5Screate_simple(rank, dims, most);
}

/* As the old one, with its first dimension changed. */
static hid_t stretched(hid_t same, uint64_t number)
{
    hsize_t dims[H5S_MAX_RANK] = {0};
    const int rank = H5Sget_simple_extent_dims(same, dims, NULL);
    if (rank < 1) {
        return H5Scopy(same);
    }
    dims[0] = dims[0] + number % 5 - 2 < 1000 ? dims[0] + number % 5 - 2 : 0;
    return space_of(rank, dims, NULL);
}

hid_t make_space(unsigned choice, uint64_t number, hid_t same)
{
    const hsize_t small = number % 300;
    const hsize_t vector[1] = {number};
    const hsize_t wide[2] = {(hsize_t)1 << 33, (hsize_t)1 << 33};
    const hsize_t open[1] = {H5S_UNLIMITED};
    hsize_t many[H5S_MAX_RANK];
    for (int i = 0; i < H5S_MAX_RANK; i++) {
        many[i] = 1 + (number >> i) % 2;
    }
    switch (choice % MAKE_SPACES) {
    case 0: return H5Scopy(same);
    case 1: return H5Screate(H5S_SCALAR);
    case 2: return H5Screate(H5S_NULL);
    case 3: return space_of(1, (const hsize_t[]){0}, NULL);
    case 4: return space_of(1, (const hsize_t[]){1}, NULL);
    case 5: return space_of(1, (const hsize_t[]){2}, NULL);
    case 6: return space_of(1, &small, NULL);
    case 7: return space_of(1, vector, NULL);
    case 8: return space_of(1, &small, open);
    case 9: return space_of(1, vector, open);
    case 10: return space_of(2, (const hsize_t[]){small, 1}, NULL);
    case 11: return space_of(2, (const hsize_t[]){1 + small % 9, number >> 32}, NULL);
    case 12: return space_of(2, wide, NULL);
    case 13: return space_of(4, (const hsize_t[]){3, 3, 3, 4}, NULL);
    case 14: return space_of(8, many, NULL);
    case 15: return space_of(9, many, NULL);
    case 16: return space_of(H5S_MAX_RANK, many, NULL);
    default: return stretched(same, number);
    }
}

/* Chunks of `side` in each direction, no more than the space allows. */
static void set_chunks(hid_t list, hid_t space, uint64_t side)
{
    hsize_t dims[H5S_MAX_RANK] = {0};
    hsize_t most[H5S_MAX_RANK] = {0};
    hsize_t chunk[H5S_MAX_RANK];
    const int rank = H5Sget_simple_extent_dims(space, dims, most);
    for (int i = 0; i < rank; i++) {
        chunk[i] = most[i] == H5S_UNLIMITED || side < most[i] ? side : most[i];
        chunk[i] = chunk[i] > 0 ? chunk[i] : 1;
    }
    if (rank > 0) {
        (void)H5Pset_chunk(list, rank, chunk);
    }
}

static void set_virtual(hid_t list, hid_t space, uint64_t number)
{
    const char *const file = number & 1 ? "." : make_trap();
    (void)H5Pset_virtual(list, space, file, number & 2 ? "/labels" : "/lockstep/checksums", space);
}

/* Whether HDF5 could hold a chunk in memory that is worth testing. */
static int chunk_is_small(hid_t list, hid_t type)
{
    enum { MOST = 1 << 24 };
    hsize_t chunk[H5S_MAX_RANK] = {0};
    uint64_t bytes = H5Tget_size(type);
    const int rank = H5Pget_layout(list) == H5D_CHUNKED ? H5Pget_chunk(list, H5S_MAX_RANK, chunk) : 0;
    for (int i = 0; i < rank; i++) {
        if (__builtin_mul_overflow(bytes, (uint64_t)chunk[i], &bytes)) {
            return 0;
        }
    }
    return rank == 0 || bytes <= MOST;
}

/* Whether HDF5 can pack numbers of this type into fewer bits; it crashes when it writes others through such a filter.
 */
static int is_packable(hid_t type)
{
    const H5T_class_t class = H5Tget_class(type);
    return (class == H5T_INTEGER || class == H5T_FLOAT) && H5Tget_size(type) <= sizeof(uint64_t);
}

hid_t make_layout(unsigned choice, uint64_t number, hid_t type, hid_t space, int *writable)
{
    const hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    const uint64_t fill = number;
    *writable = 1;
    switch (choice % MAKE_LAYOUTS) {
    case 1: (void)H5Pset_layout(list, H5D_COMPACT); break;
    case 2: set_chunks(list, space, 2); break;
    case 3: set_chunks(list, space, 1 + number % 4096); break;
    case 4: set_chunks(list, space, (uint64_t)1 << 28); break;
    case 5:
        set_chunks(list, space, 64);
        (void)H5Pset_deflate(list, 6);
        break;
    case 6:
        set_chunks(list, space, 1 << 16);
        (void)H5Pset_shuffle(list);
        (void)H5Pset_deflate(list, 9);
        (void)H5Pset_fletcher32(list);
        break;
    case 7:
        set_chunks(list, space, 16);
        (void)H5Pset_nbit(list);
        *writable = is_packable(type);
        break;
    case 8:
        set_chunks(list, space, 16);
        (void)H5Pset_scaleoffset(list, H5Z_SO_INT, 0);
        *writable = is_packable(type);
        break;
    case 9:
        (void)H5Pset_external(list, make_trap(), 0, H5F_UNLIMITED);
        *writable = 0;
        break;
    case 10:
        (void)H5Pset_external(list, fuzz_path("outside"), (off_t)(number % 64), H5F_UNLIMITED);
        *writable = 0;
        break;
    case 11:
        set_virtual(list, space, number);
        *writable = 0;
        break;
    case 12: (void)H5Pset_fill_value(list, H5T_NATIVE_UINT64, &fill); break;
    case 13:
        set_chunks(list, space, 1 << 20);
        (void)H5Pset_fill_value(list, H5T_NATIVE_UINT64, &fill);
        break;
    default: break;
    }
    *writable = *writable && chunk_is_small(list, type);
    return list;
}

const char *make_text(uint64_t number)
{
    static char lengthy[70001];
    static const char *const texts[MAKE_TEXTS] = {
        "",
        "a",
        "lockstep-dataset",
        "\x1b[31mred\nline\r\x07\x7f",
        "\xff\xfe\xc3(",
        "/",
        ".",
        "..",
        "a//b/../c",
        "%s%n%s%n",
        "layers/conv2d/vars/0",
        "layers/conv2d/vars",
        "experiment: {name: a}\ndata: {file: b}\n",
        lengthy,
    };
    if (lengthy[0] == '\0') {
        memset(lengthy, 'x', sizeof lengthy - 1);
    }
    return texts[number % MAKE_TEXTS];
}

const char *make_trap(void)
{
    return fuzz_path("trap");
}
