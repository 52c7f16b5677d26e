#include "h5_edit.h"

#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "h5_fill.h"
#include "h5_make.h"

/* Byte 0 of an edit. REPLACE uses everything, POKE content (which element) and number, links other and number. */
typedef enum operation {
    REPLACE,
    POKE,
    REMOVE,
    GROUP,
    SOFT_LINK,
    EXTERNAL_LINK,
    HARD_LINK,
    COMMITTED_TYPE,
    CROWD,
    OPERATIONS
} operation;

/* The bytes of an edit, by their place. */
typedef struct edit {
    operation operation;
    const edit_target *target;
    unsigned type, space, layout;
    const edit_target *other;
    unsigned content;
    uint64_t number;
} edit;

static edit decode(const uint8_t *bytes, const edit_target *targets, size_t count)
{
    edit e = {
        .operation = (operation)(bytes[0] % OPERATIONS),
        .target = &targets[bytes[1] % count],
        .type = bytes[2],
        .space = bytes[3],
        .layout = bytes[4],
        .other = &targets[bytes[5] % count],
        .content = bytes[6],
    };
    memcpy(&e.number, bytes + 8, sizeof e.number); /* byte 7 is for later */
    return e;
}

static hid_t with_parents(void)
{
    const hid_t list = H5Pcreate(H5P_LINK_CREATE);
    (void)H5Pset_create_intermediate_group(list, 1);
    return list;
}

/* HDF5 1.10 does not look whether an attribute's size overflows, and writes before its memory. */
static int fits_attribute(hid_t type, hid_t space)
{
    enum { MOST = 1 << 16 };
    const hssize_t n = H5Sget_simple_extent_npoints(space);
    return n >= 0 && n <= MOST && H5Tget_size(type) <= MOST && (size_t)n * H5Tget_size(type) <= MOST;
}

static void replace_attribute(hid_t file, const edit *e)
{
    fill_values old = {.type = -1};
    const char *object = e->target->object;
    const char *name = e->target->attribute;
    hid_t type = -1;
    hid_t space = -1;
    hid_t id = H5Aopen_by_name(file, object, name, H5P_DEFAULT, H5P_DEFAULT);
    if (id >= 0) {
        fill_take(&old, id);
        space = H5Aget_space(id);
        (void)H5Aclose(id);
        (void)H5Adelete_by_name(file, object, name, H5P_DEFAULT);
    }
    const hid_t same_type = old.type >= 0 ? old.type : H5T_STD_I64LE;
    const hid_t same_space = space >= 0 ? space : H5Screate(H5S_SCALAR);
    type = make_type(e->type, e->number, same_type);
    const hid_t fresh = make_space(e->space, e->number, same_space);
    id = -1;
    if (fits_attribute(type, fresh)) {
        id = H5Acreate_by_name(file, object, name, type, fresh, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    }
    if (id >= 0) {
        fill_write(id, e->content, e->number, &old);
        (void)H5Aclose(id);
    }
    (void)H5Sclose(fresh);
    (void)H5Sclose(same_space);
    (void)H5Tclose(type);
    fill_release(&old);
}

static void replace_object(hid_t file, const edit *e, hid_t links)
{
    fill_values old = {.type = -1};
    hid_t space = -1;
    int writable = 1;
    hid_t id = H5Dopen2(file, e->target->object, H5P_DEFAULT);
    if (id >= 0) {
        fill_take(&old, id);
        space = H5Dget_space(id);
        (void)H5Dclose(id);
    }
    (void)H5Ldelete(file, e->target->object, H5P_DEFAULT);
    const hid_t same_type = old.type >= 0 ? old.type : H5T_STD_I64LE;
    const hid_t same_space = space >= 0 ? space : H5Screate(H5S_SCALAR);
    const hid_t type = make_type(e->type, e->number, same_type);
    const hid_t fresh = make_space(e->space, e->number, same_space);
    const hid_t list = make_layout(e->layout, e->number, type, fresh, &writable);
    id = H5Dcreate2(file, e->target->object, type, fresh, links, list, H5P_DEFAULT);
    if (id >= 0) {
        if (writable) {
            fill_write(id, e->content, e->number, &old);
        }
        (void)H5Dclose(id);
    }
    (void)H5Pclose(list);
    (void)H5Sclose(fresh);
    (void)H5Sclose(same_space);
    (void)H5Tclose(type);
    fill_release(&old);
}

static void poke(hid_t file, const edit *e)
{
    const edit_target *t = e->target;
    const hid_t id = t->attribute == NULL ? H5Dopen2(file, t->object, H5P_DEFAULT)
                                          : H5Aopen_by_name(file, t->object, t->attribute, H5P_DEFAULT, H5P_DEFAULT);
    if (id >= 0) {
        fill_poke(id, e->content, e->number);
        (void)(t->attribute == NULL ? H5Dclose(id) : H5Aclose(id));
    }
}

/* A data set with a name that is not to be shown as it is, and many groups with long names. */
static void crowd(hid_t file, const edit *e, hid_t links)
{
    char name[512];
    const hid_t space = H5Screate(H5S_SCALAR);
    (void)snprintf(name, sizeof name, "%s/\x1b[31m\n", e->target->object);
    const hid_t set = H5Dcreate2(file, name, H5T_IEEE_F64LE, space, links, H5P_DEFAULT, H5P_DEFAULT);
    if (set >= 0) {
        (void)H5Dclose(set);
    }
    (void)H5Sclose(space);
    for (unsigned i = 0; i < e->number % 64; i++) {
        (void)snprintf(name, sizeof name, "%s/%0*u", e->target->object, 1 + (int)(e->number >> 8 & 255), i);
        const hid_t id = H5Gcreate2(file, name, links, H5P_DEFAULT, H5P_DEFAULT);
        if (id >= 0) {
            (void)H5Gclose(id);
        }
    }
}

static void commit_type(hid_t file, const edit *e, hid_t links)
{
    const hid_t type = make_type(e->type, e->number, H5T_STD_I32LE);
    (void)H5Tcommit2(file, e->target->object, type, links, H5P_DEFAULT, H5P_DEFAULT);
    (void)H5Tclose(type);
}

/* Put something else in the place of an object. */
static void exchange_object(hid_t file, const edit *e, hid_t links)
{
    const char *object = e->target->object;
    const hid_t kept = e->operation == HARD_LINK ? H5Oopen(file, e->other->object, H5P_DEFAULT) : -1;
    hid_t id = -1;
    (void)H5Ldelete(file, object, H5P_DEFAULT);
    switch (e->operation) {
    case GROUP:
        id = H5Gcreate2(file, object, links, H5P_DEFAULT, H5P_DEFAULT);
        if (id >= 0) {
            (void)H5Gclose(id);
        }
        break;
    case SOFT_LINK:
        (void)H5Lcreate_soft(e->number % 4 == 0 ? "/nowhere" : e->other->object, file, object, links, H5P_DEFAULT);
        break;
    case EXTERNAL_LINK:
        (void)H5Lcreate_external(e->number % 4 == 0 ? "missing.h5" : make_trap(), e->other->object, file, object, links,
                                 H5P_DEFAULT);
        break;
    case HARD_LINK:
        if (kept >= 0) {
            (void)H5Olink(kept, file, object, links, H5P_DEFAULT);
        }
        break;
    case COMMITTED_TYPE: commit_type(file, e, links); break;
    default: break; /* REMOVE */
    }
    if (kept >= 0) {
        (void)H5Oclose(kept);
    }
}

static void apply(hid_t file, const edit *e, hid_t links)
{
    if (e->operation == POKE) {
        poke(file, e);
    } else if (e->operation == CROWD) {
        crowd(file, e, links);
    } else if (e->target->attribute == NULL) {
        e->operation == REPLACE ? replace_object(file, e, links) : exchange_object(file, e, links);
    } else if (e->operation == REPLACE) {
        replace_attribute(file, e);
    } else {
        (void)H5Adelete_by_name(file, e->target->object, e->target->attribute, H5P_DEFAULT);
    }
}

void h5_edit_file(const char *path, const edit_target *targets, size_t count, const uint8_t *bytes, size_t size)
{
    enum { MOST = 16 }; /* edits; more show no more */
    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    const hid_t links = with_parents();
    FUZZ_CHECK(file >= 0 && links >= 0);
    for (size_t i = 0; i < MOST && (i + 1) * EDIT_SIZE <= size; i++) {
        const edit e = decode(bytes + i * EDIT_SIZE, targets, count);
        apply(file, &e, links);
    }
    (void)H5Pclose(links);
    FUZZ_CHECK(H5Fget_obj_count(file, H5F_OBJ_ALL) == 1); /* a leak of this file's own */
    FUZZ_CHECK(H5Fclose(file) >= 0);
}

void h5_edit_check_closed(void)
{
    FUZZ_CHECK(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL) == 0);
}

size_t h5_edit_seed(size_t number, size_t targets, uint8_t *out)
{
    static const uint64_t numbers[] = {0,
                                       1,
                                       2,
                                       3,
                                       4,
                                       UINT32_MAX,
                                       INT64_MAX,
                                       UINT64_MAX,
                                       UINT64_C(1) << 63,
                                       UINT64_C(1) << 40,
                                       UINT64_C(0x7ff8000000000000),
                                       297};
    enum { NUMBERS = sizeof numbers / sizeof numbers[0] };
    /* Which byte of the edit is varied, over how many values. */
    static const struct {
        operation operation;
        size_t byte, values;
    } walks[] = {
        {REPLACE, 2, MAKE_TYPES},
        {REPLACE, 3, MAKE_SPACES},
        {REPLACE, 4, MAKE_LAYOUTS},
        {REPLACE, 6, FILL_KINDS},
        {POKE, 8, NUMBERS},
        {REMOVE, 7, 1},
        {GROUP, 7, 1},
        {SOFT_LINK, 5, 4},
        {EXTERNAL_LINK, 8, 2},
        {HARD_LINK, 5, 4},
        {COMMITTED_TYPE, 2, 2},
        {CROWD, 7, 1},
        {REPLACE, 8, NUMBERS},
    };
    enum { WALKS = sizeof walks / sizeof walks[0] };
    const size_t target = number % targets;
    size_t turn = number / targets;
    size_t walk = 0;
    while (walk < WALKS && turn >= walks[walk].values) {
        turn -= walks[walk++].values;
    }
    if (walk == WALKS) {
        return 0;
    }
    uint64_t value = 297;
    memset(out, 0, EDIT_SIZE);
    out[0] = (uint8_t)walks[walk].operation;
    out[1] = (uint8_t)target;
    if (walks[walk].byte == 8) {
        value = numbers[turn];
        out[3] = walks[walk].operation == REPLACE ? 9 : 0; /* a vector that claims so many */
        out[4] = walks[walk].operation == REPLACE ? 3 : 0;
    } else {
        out[walks[walk].byte] = (uint8_t)turn;
    }
    memcpy(out + 8, &value, sizeof value);
    return EDIT_SIZE;
}

void h5_edit_show_trap(void)
{
    (void)unlink(make_trap()); /* an edit may have written to storage of that name */
    FUZZ_CHECK(mkfifo(make_trap(), 0600) == 0);
}

void h5_edit_hide_trap(void)
{
    FUZZ_CHECK(unlink(make_trap()) == 0);
}
