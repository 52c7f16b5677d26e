#include "store/origin_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { PATH_SIZE = 64 };

static char *path_of(char *out, const char *group, const char *column)
{
    (void)snprintf(out, PATH_SIZE, "%s/%s", group, column);
    return out;
}

int origin_file_write(h5_file *f, const char *group, const origin *o)
{
    uint64_t steps[ORIGIN_SPANS] = {0};
    const char *kernels[ORIGIN_SPANS] = {0};
    const char *numbers[ORIGIN_SPANS] = {0};
    char path[PATH_SIZE];
    if (o->count == 0) {
        return LS_OK;
    }
    for (size_t i = 0; i < o->count; i++) {
        steps[i] = o->spans[i].step;
        kernels[i] = o->spans[i].kernels;
        numbers[i] = o->spans[i].numbers;
    }
    int code = h5_write(f, path_of(path, group, "step"), H5_UINT64, 1, &o->count, steps);
    if (code == LS_OK) {
        code = h5_write_strings(f, path_of(path, group, "kernels"), kernels, o->count);
    }
    return code != LS_OK ? code : h5_write_strings(f, path_of(path, group, "numbers"), numbers, o->count);
}

static int damaged(h5_file *f, const char *group)
{
    return error_set(LS_EFORMAT, "%s: %s: does not say which arithmetic computed which steps", h5_path(f), group);
}

/* One column of names into its field of the spans. */
static int read_names(h5_file *f, const char *group, const char *column, origin *out, size_t field)
{
    char path[PATH_SIZE];
    char **names = NULL;
    size_t count = 0;
    int code = h5_read_strings(f, path_of(path, group, column), &names, &count);
    if (code == LS_OK && count != out->count) {
        code = damaged(f, group);
    }
    for (size_t i = 0; code == LS_OK && i < count; i++) {
        const size_t length = strlen(names[i]);
        if (length == 0 || length >= ORIGIN_NAME_SIZE) {
            code = damaged(f, group);
            break;
        }
        memcpy((char *)&out->spans[i] + field, names[i], length + 1);
    }
    free(names);
    return code;
}

static int read_steps(h5_file *f, const char *group, origin *out)
{
    char path[PATH_SIZE];
    h5_shape shape;
    uint64_t steps[ORIGIN_SPANS];
    int code = h5_stat(f, path_of(path, group, "step"), &shape);
    if (code == LS_OK && (shape.rank != 1 || shape.size == 0 || shape.size > ORIGIN_SPANS)) {
        code = damaged(f, group);
    }
    if (code == LS_OK) {
        code = h5_read(f, path, H5_UINT64, shape.size, steps);
    }
    for (size_t i = 0; code == LS_OK && i < shape.size; i++) {
        if (i > 0 && steps[i] <= steps[i - 1]) {
            code = damaged(f, group);
        }
        out->spans[i].step = steps[i];
        out->count = i + 1;
    }
    return code;
}

int origin_file_read(h5_file *f, const char *group, origin *out)
{
    *out = (origin){0};
    if (!h5_exists(f, group)) {
        return LS_OK;
    }
    int code = read_steps(f, group, out);
    if (code == LS_OK) {
        code = read_names(f, group, "kernels", out, offsetof(origin_span, kernels));
    }
    return code != LS_OK ? code : read_names(f, group, "numbers", out, offsetof(origin_span, numbers));
}
