#include "data/pack_samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "data/pack_numbers.h"
#include "data/packing.h"
#include "io/packed.h"

static const pack_samples_kind *const kinds[] = {&pack_samples_idx, &pack_samples_tfrecord, &pack_samples_cifar,
                                                 &pack_samples_npz, &pack_samples_h5,       NULL};

const pack_samples_kind *pack_samples_kind_of(const char *path)
{
    uint8_t head[PACK_HEAD];
    size_t n = 0;
    packed *p = NULL;
    const pack_samples_kind *found = NULL;
    const bool read = packed_open(&p, path) == LS_OK && packed_read(p, head, sizeof head, &n) == LS_OK;
    packed_close(p);
    for (size_t i = 0; read && found == NULL && kinds[i] != NULL; i++) {
        found = kinds[i]->is(head, n, path) ? kinds[i] : NULL;
    }
    return found;
}

typedef struct samples_source {
    packing p;
    const pack_samples_options *options; /* not owned */
    const pack_input *inputs;            /* not owned; [count] */
    size_t count;
    const pack_input *at; /* the file at hand */
    pack_pipe *pipe;
    pack_numbers named; /* where classes have names */
    bool numbered;      /* classes have numbers */
    int32_t largest;    /* of these */
    size_t number, all; /* samples of the file at hand, and of all before too */
} samples_source;

static int refuse_label(const samples_source *s, const char *what)
{
    return error_set(LS_EFORMAT, "%s: sample %zu %s", s->at->path, s->number, what);
}

static int take_label(samples_source *s, const pack_sample *sample)
{
    int32_t *label = &sample->picture->item.label;
    const bool given = s->options->class_count > 0;
    const int64_t limit = given ? (int64_t)s->options->class_count : PACK_MAX_CLASSES;
    if (sample->class_name != NULL && s->numbered) {
        return refuse_label(s, "has a class with a name, unlike those before it");
    }
    if (sample->class_name != NULL) {
        const int code = pack_numbers_find(&s->named, sample->class_name, label);
        return code != LS_OK || s->named.names.count <= PACK_MAX_CLASSES ? code
                                                                         : refuse_label(s, "is of one class too many");
    }
    if (s->named.names.count > 0) {
        return refuse_label(s, "has a class without a name, unlike those before it");
    }
    s->numbered = true;
    if (sample->label < 0 || sample->label >= limit) {
        return error_set(LS_EFORMAT,
                         given ? "%s: sample %zu has the label %lld, which is not one of the %lld in --classes"
                               : "%s: sample %zu has the label %lld; classes are numbered from 0, and there "
                                 "are %lld at most",
                         s->at->path, s->number, (long long)sample->label, (long long)limit);
    }
    *label = (int32_t)sample->label;
    s->largest = *label > s->largest ? *label : s->largest;
    return LS_OK;
}

/* "train.tfrecord/daisy.jpg", or by its number; the file's name where there are several. */
static char *name_of(const samples_source *s, const pack_sample *sample)
{
    char *out = NULL;
    const char *file = s->count > 1 ? file_name(s->at->path) : "";
    const char *slash = s->count > 1 ? "/" : "";
    const int made = sample->name != NULL ? asprintf(&out, "%s%s%s", file, slash, sample->name)
                                          : asprintf(&out, "%s%s%zu", file, slash, s->number);
    return made < 0 ? NULL : out;
}

static int put_next(samples_source *s, const pack_samples_kind *kind, void *self, bool *more)
{
    pack_sample sample = {0};
    int code = pack_pipe_room(s->pipe, &sample.picture);
    if (code != LS_OK) {
        return code;
    }
    sample.split = kind->split != NULL ? kind->split(s->at->path) : DATASET_TRAIN;
    code = kind->next(self, &sample);
    *more = code == 1;
    if (!*more) {
        return code;
    }
    s->number++;
    s->all++;
    pack_picture *p = sample.picture;
    p->item.split = s->at->given ? s->at->split : sample.split;
    code = take_label(s, &sample);
    if (code != LS_OK) {
        return code;
    }
    p->item.name = name_of(s, &sample);
    if (p->item.name == NULL) {
        return error_set(LS_ENOMEM, "pack: no memory for a name");
    }
    packing_show(&s->p, s->all, 0);
    pack_pipe_put(s->pipe);
    return LS_OK;
}

static int put_file(samples_source *s)
{
    void *self = NULL;
    bool more = true;
    const pack_samples_kind *kind = pack_samples_kind_of(s->at->path);
    if (kind == NULL) {
        return error_set(LS_EUSAGE, "%s: is no data set that this program knows, unlike the first file", s->at->path);
    }
    int code = kind->open(&self, s->at->path);
    s->number = 0;
    while (code == LS_OK && more) {
        code = put_next(s, kind, self, &more);
    }
    if (self != NULL) {
        kind->close(self);
    }
    return code;
}

static int take(void *context, pack_picture *p)
{
    samples_source *s = context;
    return packing_receive(&s->p, p, p->item.name);
}

static int put_all(samples_source *s)
{
    int code = packing_pipe(&s->p, &s->pipe, take, s);
    for (size_t i = 0; i < s->count && code == LS_OK; i++) {
        s->at = &s->inputs[i];
        code = put_file(s);
    }
    if (code == LS_OK) {
        code = pack_pipe_finish(s->pipe);
    }
    pack_pipe_free(s->pipe);
    log_progress_end();
    return code;
}

/* The names, in their order, and the items' numbers by that. */
static int use_names(samples_source *s)
{
    const int code = pack_numbers_finish(&s->named, &s->p.classes);
    for (size_t i = 0; code == LS_OK && i < s->p.items.count; i++) {
        dataset_item *item = &s->p.items.items[i];
        item->label = pack_numbers_place(&s->named, item->label);
    }
    return code;
}

/* A name for each number: as given, as the files' kind knows them, or the numbers. */
static int name_numbers(samples_source *s)
{
    const pack_samples_kind *kind = pack_samples_kind_of(s->inputs[0].path);
    size_t count = 0;
    const size_t most = (size_t)s->largest + 1;
    char *names = s->options->class_count == 0 && kind != NULL && kind->names != NULL
                      ? kind->names(s->inputs[0].path, &count)
                      : NULL;
    const char *at = names;
    const bool known = names != NULL && count >= most;
    const size_t n = s->options->class_count > 0 ? s->options->class_count : known ? count : most;
    int code = LS_OK;
    for (size_t i = 0; i < n && code == LS_OK; i++) {
        char number[24];
        (void)snprintf(number, sizeof number, "%zu", i);
        const char *name = s->options->class_count > 0 ? s->options->classes[i] : known ? at : number;
        code = pack_names_add(&s->p.classes, name);
        if (known) {
            at += strlen(at) + 1;
        }
    }
    free(names);
    return code;
}

static int gather(samples_source *s)
{
    int code = put_all(s);
    if (code == LS_OK && s->p.items.count == 0) {
        code = error_set(LS_EUSAGE, "%s: holds no samples whose picture can be read", s->inputs[0].path);
    }
    if (code == LS_OK) {
        code = s->numbered ? name_numbers(s) : use_names(s);
    }
    packing_settle_validation(&s->p, s->inputs[0].path, "there are validation pictures");
    return code;
}

int pack_sample_files(const pack_input *inputs, size_t count, const char *out, const pack_samples_options *options,
                      pack_result *result)
{
    samples_source s = {.options = options, .inputs = inputs, .count = count, .largest = -1};
    int code = packing_begin(&s.p, out, "samples");
    if (code == LS_OK) {
        code = packing_use(&s.p, &options->common);
    }
    if (code == LS_OK) {
        s.p.advice = "is this the right file?";
        code = gather(&s);
    }
    if (code == LS_OK) {
        code = packing_finish(&s.p, result);
    }
    pack_numbers_release(&s.named);
    packing_release(&s.p);
    return code;
}

bool pack_is_samples(const char *path)
{
    return pack_samples_kind_of(path) != NULL;
}
