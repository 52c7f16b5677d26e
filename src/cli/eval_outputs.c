#include "cli/eval_outputs.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/output.h"
#include "io/temporary.h"
#include "store/file_kind.h"

static const char a_dump[] = "a dump";
static const char a_report[] = "a report";

static bool is_standard(const char *path)
{
    return path != NULL && strcmp(path, "-") == 0;
}

bool eval_outputs_to_standard(const eval_outputs *o)
{
    return is_standard(o->json) || is_standard(o->csv);
}

int eval_outputs_check(const eval_outputs *o)
{
    const char *const paths[] = {o->dump, o->json, o->csv};
    for (size_t i = 0; i < 3; i++) {
        const char *other = paths[(i + 1) % 3];
        if (paths[i] != NULL && other != NULL && strcmp(paths[i], other) == 0) {
            return error_set(LS_EUSAGE, "%s: is named for two results; name another output for one of them", other);
        }
    }
    return LS_OK;
}

static int prepare(const char *path, bool text, const char *const *inputs, size_t n)
{
    const char *what = text ? a_report : a_dump;
    if (path == NULL || (text && is_standard(path))) {
        return LS_OK;
    }
    return file_kind_check_output(path, what, text ? output_check_text : temporary_prepare, inputs, n);
}

int eval_outputs_prepare(const eval_outputs *o, const char *const *inputs, size_t n)
{
    int code = prepare(o->dump, false, inputs, n);
    if (code == LS_OK) {
        code = prepare(o->json, true, inputs, n);
    }
    return code == LS_OK ? prepare(o->csv, true, inputs, n) : code;
}

int eval_outputs_start_dump(evaluate_dump *out, const session *s, size_t wanted)
{
    const size_t samples = dataset_count(s->data, s->options.split);
    out->capacity = wanted < samples ? wanted : samples;
    out->images = calloc(out->capacity * s->options.data.height * s->options.data.width * 3 + 1, sizeof *out->images);
    out->logits = calloc(out->capacity * dataset_classes(s->data) + 1, sizeof *out->logits);
    return out->images == NULL || out->logits == NULL
               ? error_set(LS_ENOMEM, "out of memory for a dump of %zu samples; lower --dump-count", out->capacity)
               : LS_OK;
}

/* As data sets `images` and `logits`. */
int eval_outputs_write_dump(const eval_outputs *o, const evaluate_dump *d, const session *s)
{
    const size_t images[] = {d->count, s->options.data.height, s->options.data.width, 3};
    const size_t logits[] = {d->count, dataset_classes(s->data)};
    temporary t;
    h5_file *f = NULL;
    int code = temporary_begin(&t, &f, o->dump);
    if (code == LS_OK) {
        code = h5_write(f, "images", H5_FLOAT32, 4, images, d->images);
    }
    if (code == LS_OK) {
        code = h5_write(f, "logits", H5_FLOAT32, 2, logits, d->logits);
    }
    code = temporary_finish(&t, f, code, a_dump);
    if (code == LS_OK) {
        (eval_outputs_to_standard(o) ? log_note : log_info)("%zu samples written to %s", d->count, o->dump);
    }
    return code;
}

static int write_report(const char *path, void (*print)(FILE *to, const eval_report *r), const eval_report *r)
{
    char *text = NULL;
    size_t size = 0;
    if (path == NULL) {
        return LS_OK;
    }
    FILE *to = open_memstream(&text, &size);
    int code = LS_ENOMEM;
    if (to != NULL) {
        print(to, r);
        code = ferror(to) == 0 ? LS_OK : LS_ENOMEM;
        code = fclose(to) == 0 ? code : LS_ENOMEM;
    }
    code = code == LS_OK ? output_write_text(path, a_report, text, size)
                         : error_set(LS_ENOMEM, "%s: out of memory for a report", path);
    free(text);
    return code;
}

int eval_outputs_write_reports(const eval_outputs *o, const eval_report *r)
{
    const int code = write_report(o->json, eval_report_json, r);
    return code == LS_OK ? write_report(o->csv, eval_report_csv, r) : code;
}
