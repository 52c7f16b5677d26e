#include "exchange/weights_source.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

static int read_weights(void *context, const source_tensor *t, size_t size, real *out)
{
    const weights_source *w = context;
    h5_type type = H5_OTHER;
    double *values = calloc(size + 1, sizeof *values);
    if (values == NULL) {
        return error_set(LS_ENOMEM, "%s: out of memory for tensor %s", h5_path(w->file.file), t->name);
    }
    const int code = weights_file_read(&w->file, t->at, values, &type);
    for (size_t k = 0; code == LS_OK && k < size; k++) {
        out[k] = (real)values[k];
    }
    free(values);
    return code;
}

static int take_variable(source *s, const tensor_info *info, size_t at)
{
    char name[NAMES_SIZE];
    if (info->role == TENSOR_DENSE_KERNEL && s->dense_count < SOURCE_MOST_DENSE) {
        s->dense_count++;
    }
    if (info->role == TENSOR_DENSE_KERNEL || info->role == TENSOR_DENSE_BIAS) {
        source_dense *d = &s->dense[s->dense_count - 1];
        return source_set(info->role == TENSOR_DENSE_KERNEL ? &d->kernel : &d->bias, info->layer, info->rank,
                          info->shape, at);
    }
    (void)snprintf(name, sizeof name, "%s/%s", info->layer,
                   info->role == TENSOR_DEPTHWISE_KERNEL ? "kernel" : tensor_role_name(info->role));
    return source_add(s, name, info->rank, info->shape, at);
}

int weights_source_open(weights_source *out, const char *path)
{
    *out = (weights_source){.s = {.convention = NAMES_LAYERS, .read = read_weights, .context = out}};
    int code = weights_file_open(&out->file, path);
    for (size_t k = 0; code == LS_OK && k < out->file.table.count; k++) {
        code = take_variable(&out->s, &out->file.table.tensors[k], k);
    }
    return code;
}

void weights_source_close(weights_source *w)
{
    source_release(&w->s);
    weights_file_close(&w->file);
}
