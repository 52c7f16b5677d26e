#include "store/file_kind.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/output.h"
#include "data/dataset_arrays.h"
#include "io/h5.h"
#include "io/seal.h"
#include "store/keras_layout.h"

/* The kind that a file's name gives it, whatever became of it. */
static int named(file_kind *out, const char *path)
{
    const char *name = file_name(path);
    if (fnmatch("step-*.weights.h5*", name, 0) == 0) {
        *out = FILE_CHECKPOINT;
        return 1;
    }
    if (fnmatch("log.h5*", name, 0) == 0) {
        *out = FILE_LOG;
        return 1;
    }
    return 0;
}

static int by_content(file_kind *out, const char *path)
{
    h5_file *f = NULL;
    int code = h5_open_read(&f, path);
    if (code != LS_OK) {
        return code;
    }
    *out = h5_exists(f, "lockstep")                          ? FILE_CHECKPOINT
           : h5_exists(f, "epochs") || h5_exists(f, "steps") ? FILE_LOG
           : h5_attr_exists(f, "/", "format")                ? FILE_DATASET
           : keras_layout_root(f) != NULL                    ? FILE_KERAS
           : dataset_arrays_are_in(f)                        ? FILE_DATASET
                                                             : FILE_OTHER;
    code = h5_check_reader(f);
    (void)h5_close(f);
    return code;
}

int file_kind_of(file_kind *out, const char *path)
{
    seal_state seal;
    *out = FILE_OTHER;
    const int code = seal_check(&seal, path);
    if (code != LS_OK) {
        return code;
    }
    if (seal.bytes == 0) {
        return error_set(LS_EFORMAT, "%s: is empty", path);
    }
    if (seal.verdict == SEAL_GOOD) {
        *out = FILE_CHECKPOINT;
        return LS_OK;
    }
    /* A weights file of Keras' may be called as checkpoints are; then it has never had a seal. */
    if (named(out, path) && (*out == FILE_LOG || seal.verdict != SEAL_NONE)) {
        return LS_OK;
    }
    if (seal.verdict == SEAL_DAMAGED) {
        *out = FILE_CHECKPOINT;
        return LS_OK;
    }
    if (seal.verdict == SEAL_CUT) {
        return error_set(LS_EFORMAT, "%s: cut short: %" PRIu64 " bytes are left", path, seal.bytes);
    }
    return by_content(out, path);
}

int file_kind_check_output(const char *path, const char *what, file_kind_check *check, const char *const *inputs,
                           size_t n)
{
    struct stat there;
    file_kind kind = FILE_OTHER;
    int code = output_refuse_inputs(path, inputs, n);
    if (code == LS_OK) {
        code = check(path, what);
    }
    if (code != LS_OK) {
        return code;
    }
    if (lstat(path, &there) == 0 && S_ISREG(there.st_mode) && file_kind_of(&kind, path) == LS_OK &&
        kind != FILE_OTHER) {
        return error_set(LS_EUSAGE,
                         "%s: is a data set or a file of a run, which would be lost; name another file for %s", path,
                         what);
    }
    return LS_OK;
}
