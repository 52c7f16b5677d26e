#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "data/pack_keys.h"
#include "data/pack_names.h"
#include "data/pack_paths.h"
#include "data/pack_pipe.h"
#include "io/unpack.h"

/*
 * An archive is gone through twice: first for the names in it, and labels, so that it is known what classes there are;
 * then for its pictures.
 */
#define MAX_FILE_BYTES ((size_t)256 << 20)

enum { MOST_LABEL_BYTES = 4096 };

/* One archive. */
typedef struct part {
    const pack_input *input; /* not owned */
    pack_names paths;        /* of its files, in its order, but for those that are passed over by their names */
    pack_keys keys;          /* labels; where there are any, it is a WebDataset's */
    pack_paths layout;
} part;

typedef struct archive_source {
    packing p;
    part *parts; /* [count] */
    size_t count;
    bool keyed; /* a WebDataset */
    pack_pipe *pipe;
    unpack *u;      /* the archive at hand */
    part *at;       /* that */
    size_t files;   /* of all parts */
    size_t put;     /* of those */
    uint8_t *label; /* memory to read labels into */
    size_t label_capacity;
} archive_source;

/* What a data set calls a file of the archive at hand; for free(), NULL where memory ran out. */
static char *name_of(const archive_source *s, const char *path)
{
    char *out = NULL;
    if (s->count == 1) {
        return strdup(path);
    }
    return asprintf(&out, "%s/%s", file_name(s->at->input->path), path) < 0 ? NULL : out;
}

/* For messages: what the data set would call a file, with the archive if that does not say it. NULL: no memory. */
static char *shown_of(const archive_source *s, const char *name)
{
    char *out = NULL;
    const bool one = s->count == 1;
    return asprintf(&out, "%s%s%s", one ? s->parts[0].input->path : "", one ? ": " : "", name) < 0 ? NULL : out;
}

/* Account for one, by what the data set would call it. */
static int pass_named(archive_source *s, pack_reason reason, const char *name, const char *what)
{
    char *shown = shown_of(s, name);
    const int code = shown == NULL ? error_set(LS_ENOMEM, "pack: no memory for a name")
                                   : pack_pass(&s->p.account, reason, shown, "%s", what);
    free(shown);
    return code;
}

static int pass(archive_source *s, pack_reason reason, const char *path, const char *what)
{
    char *name = name_of(s, path);
    const int code =
        name == NULL ? error_set(LS_ENOMEM, "pack: no memory for a name") : pass_named(s, reason, name, what);
    free(name);
    return code;
}

/* What is wrong with the file at hand comes after its name. */
static int name_error(const archive_source *s, int code, const char *path)
{
    return code == LS_OK || code == LS_ENOMEM ? code : error_prefix(LS_EFORMAT, "%s: %.600s", s->at->input->path, path);
}

static int take_label(archive_source *s, const char *path)
{
    size_t size = 0;
    int code = unpack_read(s->u, &s->label, &s->label_capacity, &size, MOST_LABEL_BYTES);
    if (code != LS_OK) {
        return name_error(s, code, path);
    }
    code = pack_keys_add(&s->at->keys, path, (const char *)s->label, size);
    return code == LS_EFORMAT ? error_prefix(code, "%s", s->at->input->path) : code;
}

/* Pass over by name, or keep it. */
static int list_file(archive_source *s, const char *path, unpack_kind kind)
{
    const pack_reason reason = pack_path_reason(path);
    if (reason != PACK_REASONS) {
        return pass(s, reason, path, "");
    }
    if (kind == UNPACK_OTHER) {
        return pass(s, PACK_SPECIAL, path, "is a link or a device, not a file");
    }
    if (pack_keys_is_label(path)) {
        return take_label(s, path);
    }
    return pack_names_add(&s->at->paths, path);
}

/* Do something with each file and link in the archive at hand, by its plain path. */
static int each(archive_source *s, int (*visit)(archive_source *s, const char *path, unpack_kind kind))
{
    const char *name = NULL;
    unpack_kind kind = UNPACK_FILE;
    int code = unpack_open(&s->u, s->at->input->path);
    int more = code == LS_OK ? unpack_next(s->u, &name, &kind) : 0;
    while (code == LS_OK && more == 1) {
        char *path = strdup(name);
        if (path == NULL) {
            code = error_set(LS_ENOMEM, "pack: no memory for a name");
            break;
        }
        pack_path_plain(path);
        code = kind == UNPACK_FOLDER || *path == '\0' ? LS_OK : visit(s, path, kind);
        free(path);
        more = code == LS_OK ? unpack_next(s->u, &name, &kind) : 0;
    }
    unpack_close(s->u);
    s->u = NULL;
    return code == LS_OK && more < 0 ? more : code;
}

static int list_all(archive_source *s)
{
    int code = LS_OK;
    for (size_t i = 0; i < s->count && code == LS_OK; i++) {
        s->at = &s->parts[i];
        log_progress("packing: looking at %s", s->at->input->path);
        code = each(s, list_file);
        s->files += s->at->paths.count;
        s->keyed = s->keyed || s->at->keys.count > 0;
    }
    log_progress_end();
    return code;
}

static int number_keys(archive_source *s)
{
    int code = LS_OK;
    pack_keys *all = calloc(s->count + 1, sizeof *all);
    if (all == NULL) {
        return error_set(LS_ENOMEM, "pack: no memory for labels");
    }
    for (size_t i = 0; i < s->count; i++) {
        all[i] = s->parts[i].keys;
    }
    code = pack_keys_number(all, s->count, &s->p.classes);
    free(all);
    return code;
}

static int add_class(archive_source *s, const part *of, const char *path)
{
    const char *name = NULL;
    size_t n = 0;
    dataset_split split = DATASET_TRAIN;
    if (!pack_paths_class(&of->layout, path, &name, &n, &split)) {
        return LS_OK;
    }
    char *folder = strndup(name, n);
    if (folder == NULL) {
        return error_set(LS_ENOMEM, "pack: no memory for a name");
    }
    const char *class_name = pack_choice_class(s->p.choice, folder);
    const int code = class_name != NULL ? pack_names_add_new(&s->p.classes, class_name) : LS_OK;
    free(folder);
    return code;
}

static int number_folders(archive_source *s)
{
    int code = LS_OK;
    for (size_t i = 0; i < s->count; i++) {
        const pack_names *paths = &s->parts[i].paths;
        for (size_t k = 0; k < paths->count && code == LS_OK; k++) {
            code = add_class(s, &s->parts[i], paths->names[k]);
        }
    }
    if (code == LS_OK) {
        code = pack_choice_check(s->p.choice, "class folder");
    }
    return code == LS_OK ? pack_choice_number(s->p.choice, &s->p.classes) : code;
}

/* Classes, and what the folders are. */
static int settle(archive_source *s, pack_layout layout)
{
    int code = LS_OK;
    for (size_t i = 0; i < s->count && code == LS_OK && !s->keyed; i++) {
        part *at = &s->parts[i];
        code = pack_paths_decide(&at->layout, &at->paths, at->input->given ? PACK_LAYOUT_CLASSES : layout,
                                 at->input->path);
    }
    if (code == LS_OK && s->keyed && pack_choice_is_made(s->p.choice)) {
        code =
            error_set(LS_EUSAGE, "%s: is a WebDataset, which has no class folders; --classes and --map are for those",
                      s->parts[0].input->path);
    }
    if (code == LS_OK) {
        code = s->keyed ? number_keys(s) : number_folders(s);
    }
    if (code == LS_OK && s->p.classes.count > PACK_MAX_CLASSES) {
        code = error_set(LS_EUSAGE, "%s: has %zu classes; a data set has %d at most", s->parts[0].input->path,
                         s->p.classes.count, PACK_MAX_CLASSES);
    }
    return code;
}

/* Class and split of a file; PACK_REASONS, or why it has none. */
static pack_reason find_class(const archive_source *s, const char *path, dataset_item *item)
{
    const char *name = NULL;
    size_t n = 0;
    const part *at = s->at;
    item->split = DATASET_TRAIN;
    if (s->keyed) {
        if (!pack_is_picture_name(path)) {
            return PACK_SIDECAR;
        }
        if (!pack_keys_find(&at->keys, path, &item->label)) {
            return PACK_UNLABELLED;
        }
    } else {
        if (!pack_paths_class(&at->layout, path, &name, &n, &item->split)) {
            return PACK_BESIDE;
        }
        char *folder = strndup(name, n);
        const char *class_name = folder == NULL ? NULL : pack_choice_class(s->p.choice, folder);
        if (class_name != NULL) {
            item->label = pack_choice_find(s->p.choice, &s->p.classes, class_name);
        }
        const bool left_out = folder != NULL && class_name == NULL;
        free(folder);
        if (left_out) {
            return PACK_CLASS;
        }
    }
    item->split = at->input->given ? at->input->split : item->split;
    return PACK_REASONS;
}

static const char *why(pack_reason reason)
{
    return reason == PACK_BESIDE ? "lies beside the class folders" : "has no file KEY.cls with its label";
}

/* A path without the folders around all class folders, so that a set is the same with and without them. */
static const char *within(const archive_source *s, const char *path)
{
    return path + (s->keyed ? 0 : s->at->layout.around);
}

static int put(archive_source *s, const dataset_item *item, const char *path)
{
    pack_picture *p = NULL;
    int code = pack_pipe_room(s->pipe, &p);
    if (code != LS_OK) {
        return code;
    }
    p->item = *item;
    p->item.name = name_of(s, within(s, path));
    if (p->item.name == NULL) {
        return error_set(LS_ENOMEM, "pack: no memory for a name");
    }
    code = unpack_read(s->u, &p->file.bytes, &p->file.capacity, &p->item.size, MAX_FILE_BYTES);
    if (code == LS_EUSAGE) { /* too large */
        code = pass_named(s, PACK_NOT_PICTURE, p->item.name, error_message());
        pack_item_release(&p->item);
        p->item = (dataset_item){0};
        return code;
    }
    if (code == LS_OK) {
        pack_pipe_put(s->pipe);
    }
    return name_error(s, code, path);
}

/* The second time: what was passed over by name is accounted for already. */
static int put_file(archive_source *s, const char *path, unpack_kind kind)
{
    dataset_item item = {0};
    if (kind == UNPACK_OTHER || pack_path_reason(path) != PACK_REASONS || pack_keys_is_label(path)) {
        return LS_OK;
    }
    packing_show(&s->p, ++s->put, s->files);
    const pack_reason reason = find_class(s, path, &item);
    return reason == PACK_REASONS ? put(s, &item, path) : pass(s, reason, path, why(reason));
}

static int take(void *context, pack_picture *p)
{
    archive_source *s = context;
    char *shown = shown_of(s, p->item.name);
    const int code =
        shown == NULL ? error_set(LS_ENOMEM, "pack: no memory for a name") : packing_receive(&s->p, p, shown);
    free(shown);
    return code;
}

static int put_all(archive_source *s)
{
    int code = packing_pipe(&s->p, &s->pipe, take, s);
    for (size_t i = 0; i < s->count && code == LS_OK; i++) {
        s->at = &s->parts[i];
        code = each(s, put_file);
    }
    if (code == LS_OK) {
        code = pack_pipe_finish(s->pipe);
    }
    pack_pipe_free(s->pipe);
    log_progress_end();
    return code;
}

static int refuse_empty(const archive_source *s)
{
    text_builder passed = {0};
    pack_account_rest(&s->p.account);
    pack_account_passed(&s->p.account, &passed);
    const int code = error_set(LS_EUSAGE, "%.600s: no readable pictures in class folders, or with labels KEY.cls; %s",
                               s->parts[0].input->path, text_of(&passed));
    text_release(&passed);
    return code;
}

static int gather(archive_source *s, pack_layout layout)
{
    int code = list_all(s);
    if (code == LS_OK) {
        code = settle(s, layout);
    }
    if (code == LS_OK) {
        code = put_all(s);
    }
    if (code == LS_OK && s->p.items.count == 0) {
        code = refuse_empty(s);
    }
    packing_settle_validation(&s->p, s->parts[0].input->path, "there are validation pictures");
    return code;
}

static void release(archive_source *s)
{
    for (size_t i = 0; s->parts != NULL && i < s->count; i++) {
        pack_names_release(&s->parts[i].paths);
        pack_keys_release(&s->parts[i].keys);
    }
    free(s->parts);
    free(s->label);
    packing_release(&s->p);
}

int pack_archives(const pack_input *inputs, size_t count, const char *out, const pack_directory_options *options,
                  pack_result *result)
{
    archive_source s = {.count = count};
    int code = packing_begin(&s.p, out, "entries");
    s.parts = calloc(count + 1, sizeof *s.parts);
    if (code == LS_OK && s.parts == NULL) {
        code = error_set(LS_ENOMEM, "pack: no memory for %zu archives", count);
    }
    for (size_t i = 0; code == LS_OK && i < count; i++) {
        s.parts[i].input = &inputs[i];
    }
    if (code == LS_OK) {
        code = packing_use(&s.p, options);
    }
    if (code == LS_OK) {
        s.p.advice = "are they in class folders?";
        code = gather(&s, options->layout);
    }
    if (code == LS_OK) {
        code = packing_finish(&s.p, result);
    }
    release(&s);
    return code;
}
