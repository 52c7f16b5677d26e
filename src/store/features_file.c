#include "store/features_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "io/h5.h"
#include "io/temporary.h"

int features_file_name(char *out, size_t size, const char *data, uint64_t key)
{
    const int n = snprintf(out, size, "%s.features-%016" PRIx64 ".h5", data, key);
    return n < 0 || (size_t)n >= size ? error_set(LS_EUSAGE, "%s: the path is too long for a file of features", data)
                                      : LS_OK;
}

static int read_open(real *out, size_t rows, size_t width, h5_file *f, uint64_t key)
{
    uint64_t kept = 0;
    uint64_t hash = 0;
    h5_shape shape;
    int code = h5_read_attr(f, "/", "key", H5_UINT64, &kept);
    if (code == LS_OK) {
        code = h5_read_attr(f, "/", "hash", H5_UINT64, &hash);
    }
    if (code == LS_OK) {
        code = h5_stat(f, "features", &shape);
    }
    if (code == LS_OK &&
        (kept != key || shape.rank != 2 || shape.dims[0] != rows || shape.dims[1] != width || shape.type != H5_REAL)) {
        code = error_set(LS_EFORMAT, "%s: features of other pictures or another network", h5_path(f));
    }
    if (code == LS_OK) {
        code = h5_read(f, "features", H5_REAL, rows * width, out);
    }
    if (code == LS_OK && hash_bytes(HASH_START, out, rows * width * sizeof *out) != hash) {
        code = error_set(LS_EFORMAT, "%s: is damaged (wrong checksum)", h5_path(f));
    }
    return code == LS_ENOTFOUND ? LS_EFORMAT : code; /* the file is there, something in it is not */
}

int features_file_read(real *out, size_t rows, size_t width, const char *path, uint64_t key)
{
    h5_file *f = NULL;
    if (access(path, F_OK) != 0) {
        return error_set(LS_ENOTFOUND, "%s: is not there", path);
    }
    int code = h5_open_read(&f, path);
    if (code == LS_OK) {
        code = read_open(out, rows, width, f, key);
    }
    (void)h5_close(f);
    return code;
}

static int write_open(h5_file *f, const real *features, size_t rows, size_t width, uint64_t key)
{
    const size_t dims[] = {rows, width};
    const uint64_t hash = hash_bytes(HASH_START, features, rows * width * sizeof *features);
    int code = h5_write(f, "features", H5_REAL, 2, dims, features);
    if (code == LS_OK) {
        code = h5_write_attr(f, "/", "key", H5_UINT64, &key);
    }
    return code == LS_OK ? h5_write_attr(f, "/", "hash", H5_UINT64, &hash) : code;
}

int features_file_write(const real *features, size_t rows, size_t width, const char *path, uint64_t key)
{
    static const char what[] = "the features";
    h5_file *f = NULL;
    temporary t;
    int code = temporary_prepare(path, what);
    if (code != LS_OK) {
        return code;
    }
    code = temporary_begin(&t, &f, path);
    if (code == LS_OK) {
        code = write_open(f, features, rows, width, key);
    }
    return temporary_finish(&t, f, code, what);
}
