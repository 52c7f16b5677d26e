#include "cli/eval_dump.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "base/output.h"
#include "io/temporary.h"
#include "store/file_kind.h"

static const char what[] = "a dump";

int eval_dump_prepare(const char *path, const char *const *inputs, size_t n)
{
    file_kind kind = FILE_OTHER;
    int code = output_refuse_inputs(path, inputs, n);
    if (code == LS_OK) {
        code = temporary_prepare(path, what);
    }
    if (code == LS_OK && file_kind_of(&kind, path) == LS_OK && kind != FILE_OTHER) {
        code =
            error_set(LS_EUSAGE, "%s: is a data set or a file of a run, which would be lost; name another file for %s",
                      path, what);
    }
    return code;
}

int eval_dump_start(evaluate_dump *out, const session *s, size_t wanted)
{
    size_t samples = 0;
    (void)dataset_indices(s->data, s->options.split, &samples);
    out->capacity = wanted < samples ? wanted : samples;
    out->images = calloc(out->capacity * s->options.data.height * s->options.data.width * 3 + 1, sizeof *out->images);
    out->logits = calloc(out->capacity * dataset_classes(s->data) + 1, sizeof *out->logits);
    return out->images == NULL || out->logits == NULL
               ? error_set(LS_ENOMEM, "out of memory for a dump of %zu samples; lower --dump-count", out->capacity)
               : LS_OK;
}

void eval_dump_release(evaluate_dump *d)
{
    free(d->images);
    free(d->logits);
    *d = (evaluate_dump){0};
}

int eval_dump_write(const char *path, const evaluate_dump *d, const session *s)
{
    const size_t images[] = {d->count, s->options.data.height, s->options.data.width, 3};
    const size_t logits[] = {d->count, dataset_classes(s->data)};
    temporary t;
    h5_file *f = NULL;
    int code = temporary_begin(&t, &f, path);
    if (code == LS_OK) {
        code = h5_write(f, "images", H5_FLOAT32, 4, images, d->images);
    }
    if (code == LS_OK) {
        code = h5_write(f, "logits", H5_FLOAT32, 2, logits, d->logits);
    }
    const int closed = h5_close(f);
    if (code == LS_OK) {
        code = closed;
    }
    if (code == LS_OK) {
        code = temporary_commit(&t, what);
    }
    if (code == LS_OK) {
        log_info("%zu samples written to %s", d->count, path);
    }
    temporary_end(&t);
    return code;
}
