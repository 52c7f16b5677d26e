#ifndef LOCKSTEP_TESTS_H5_CHANGE_H
#define LOCKSTEP_TESTS_H5_CHANGE_H

#include <string.h>

#include "base/error.h"
#include "io/h5_private.h"

/* Changing a closed file, which the program itself never does: it writes new ones in their place. */

/* Open for reading and writing, in this process; the mark of a writer that was killed is taken away. */
static inline int h5_open_write(h5_file **out, const char *path)
{
    const hbool_t yes = 1;
    *out = h5_file_make(path);
    if (*out == NULL) {
        return LS_ENOMEM;
    }
    h5_enter();
    const hid_t access_list = H5Pcreate(H5P_FILE_ACCESS);
    (void)H5Pset(access_list, "clear_status_flags", &yes);
    (*out)->writable = 1;
    (*out)->id = H5Fopen(path, H5F_ACC_RDWR, access_list);
    (void)H5Pclose(access_list);
    h5_leave();
    if ((*out)->id < 0) {
        (void)h5_close(*out);
        *out = NULL;
        return error_set(LS_EFORMAT, "%s: cannot be opened for writing", path);
    }
    return LS_OK;
}

/* Cut an array that grows back to so many rows. */
static inline int h5_set_rows(h5_file *f, const char *name, size_t rows)
{
    hsize_t extent[H5S_MAX_RANK] = {0};
    hid_t set = -1;
    h5_enter();
    int code = h5_open_set(f, name, &set);
    if (code == LS_OK) {
        const hid_t space = H5Dget_space(set);
        (void)H5Sget_simple_extent_dims(space, extent, NULL);
        h5_drop(space);
        extent[0] = rows;
        code = H5Dset_extent(set, extent) < 0 ? h5_fail_io(f, name, "cannot change the number of rows") : LS_OK;
    }
    h5_drop(set);
    h5_leave();
    return code;
}

#endif
