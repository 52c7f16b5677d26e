#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"
#include "data/image.h"
#include "data/pack_layout.h"
#include "data/pack_names.h"

/* A picture's file may have this many bytes. */
#define MAX_FILE_BYTES ((size_t)256 << 20)

typedef struct folder_source {
    packing p;
    pack_walk walk;
    pack_names folders; /* in the folder that was given */
    pack_parts parts;
    pack_names classes[DATASET_SPLITS]; /* their class folders */
    dataset_buffer file;
    image picture;
} folder_source;

/* Folders beside those of the splits. */
static int pass_others(folder_source *s)
{
    int code = LS_OK;
    for (size_t i = 0; i < s->folders.count && code == LS_OK; i++) {
        dataset_split split = DATASET_TRAIN;
        size_t before = 0;
        if (!pack_split_named(&split, s->folders.names[i]) && pack_walk_enter(&s->walk, s->folders.names[i], &before)) {
            code = pack_pass(&s->p.account, PACK_OUTSIDE, s->walk.path, "is no folder of a split");
            pack_walk_leave(&s->walk, before);
        }
    }
    return code;
}

static int list_classes(folder_source *s, dataset_split split)
{
    size_t before = 0;
    s->p.wanted[split] = true;
    if (!s->parts.split) { /* listed already */
        s->classes[split] = s->folders;
        s->folders = (pack_names){0};
        return LS_OK;
    }
    if (!pack_walk_enter(&s->walk, s->parts.folders[split], &before)) {
        return error_set(LS_EUSAGE, "%.200s...: the path is too long", s->walk.path);
    }
    const int code = pack_walk_folders(&s->walk, &s->classes[split]);
    pack_walk_leave(&s->walk, before);
    return code;
}

/* Find the folders of class folders. */
static int find_parts(folder_source *s, pack_layout layout)
{
    int code = pack_walk_folders(&s->walk, &s->folders);
    if (code == LS_OK) {
        code = pack_parts_decide(&s->parts, &s->walk, &s->folders, layout);
    }
    if (code == LS_OK && s->parts.split) {
        code = pass_others(s);
    }
    for (int split = 0; split < DATASET_SPLITS && code == LS_OK; split++) {
        if (s->parts.folders[split] != NULL) {
            code = list_classes(s, (dataset_split)split);
        }
    }
    return code;
}

/* The classes of all parts, numbered in alphabetical order. */
static int number_classes(folder_source *s)
{
    int code = LS_OK;
    for (int split = 0; split < DATASET_SPLITS; split++) {
        const pack_names *names = &s->classes[split];
        for (size_t c = 0; c < names->count && code == LS_OK; c++) {
            code = pack_names_add(&s->p.classes, names->names[c]);
        }
    }
    pack_names_sort(&s->p.classes);
    if (code == LS_OK && s->p.classes.count == 0) {
        code =
            error_set(LS_EUSAGE,
                      "%s: no class folders in it; it should hold <class>/<pictures>, or train/, val/ and test/ with "
                      "them",
                      s->walk.path);
    }
    if (code == LS_OK && s->p.classes.count > PACK_MAX_CLASSES) {
        code = error_set(LS_EUSAGE, "%s: has %zu class folders; a data set has %d classes at most", s->walk.path,
                         s->p.classes.count, PACK_MAX_CLASSES);
    }
    return code;
}

/* Folders on the way to pictures are marked: no link is to lead there again. */
static int take_part(folder_source *s, dataset_split split)
{
    const char *part = s->parts.folders[split];
    const pack_names *classes = &s->classes[split];
    int code = LS_OK;
    for (size_t i = 0; i < classes->count && code == LS_OK; i++) {
        size_t root = 0;
        size_t folder = 0;
        bool before = false;
        const char *name = classes->names[i];
        pack_walk_unmark(&s->walk);
        code = pack_walk_mark(&s->walk, &before);
        if (code == LS_OK && pack_walk_enter(&s->walk, part, &root)) {
            code = pack_walk_mark(&s->walk, &before);
        }
        if (code == LS_OK && pack_walk_enter(&s->walk, name, &folder)) {
            code = pack_walk_take(&s->walk, (int32_t)pack_names_find(&s->p.classes, name), split);
        }
        pack_walk_leave(&s->walk, root);
    }
    return code;
}

/* This thread's message without the path that it begins with. */
static const char *reason_of(const char *path)
{
    const char *message = error_message();
    const size_t n = strlen(path) < 600 ? strlen(path) : 600; /* as dataset_read_file shows it */
    return strlen(message) > n + 2 && message[n] == ':' ? message + n + 2 : message;
}

/* Read and decode a file. *taken: it is a picture; otherwise it is accounted for. Other codes end the packing. */
static int look_into(folder_source *s, dataset_item *item, bool *taken)
{
    size_t size = 0;
    *taken = false;
    int code = dataset_read_file(&s->file, &size, item->path, MAX_FILE_BYTES);
    if (code == LS_EIO || code == LS_EFORMAT) {
        const pack_reason reason = code == LS_EIO ? PACK_UNREADABLE : PACK_NOT_PICTURE;
        return pack_pass(&s->p.account, reason, item->path, "%s", reason_of(item->path));
    }
    if (code != LS_OK) {
        return code;
    }
    code = image_decode(&s->picture, s->file.bytes, size);
    if (code == LS_EFORMAT) {
        return pack_pass(&s->p.account, PACK_NOT_PICTURE, item->path, "%s", error_message());
    }
    if (code != LS_OK) {
        return error_prefix(code, "%.600s", item->path);
    }
    if (s->picture.note[0] != '\0') {
        pack_note(&s->p.account, item->path, s->picture.note);
    }
    item->size = size;
    item->hash = hash_bytes(HASH_START, s->file.bytes, size);
    item->turned = s->picture.orientation != 1;
    *taken = true;
    return LS_OK;
}

/* Keep those that are pictures. */
static int look_into_all(folder_source *s)
{
    pack_items *all = &s->p.items;
    const size_t count = all->count;
    int code = LS_OK;
    size_t i = 0;
    all->count = 0;
    for (; i < count && code == LS_OK; i++) {
        bool taken = false;
        code = look_into(s, &all->items[i], &taken);
        if (taken) {
            all->items[all->count++] = all->items[i];
        } else {
            pack_item_release(&all->items[i]);
        }
        if (i % 64 == 0) {
            log_progress("packing: %zu of %zu files", i, count);
        }
    }
    for (; i < count; i++) {
        pack_item_release(&all->items[i]);
    }
    log_progress_end();
    return code;
}

/* Nothing was taken: what became of all that is there. */
static int refuse_empty(const folder_source *s)
{
    text_builder passed = {0};
    pack_account_rest(&s->p.account);
    pack_account_passed(&s->p.account, &passed);
    const int code = error_set(LS_EUSAGE, "%.600s: no readable JPEG or PNG pictures in its class folders; %s",
                               s->walk.path, text_of(&passed));
    text_release(&passed);
    return code;
}

static int gather(folder_source *s, const pack_directory_options *options)
{
    int code = find_parts(s, options->layout);
    if (code == LS_OK) {
        code = number_classes(s);
    }
    for (int split = 0; split < DATASET_SPLITS && code == LS_OK; split++) {
        code = take_part(s, (dataset_split)split);
    }
    if (code == LS_OK) {
        code = look_into_all(s);
    }
    if (code == LS_OK && s->p.items.count == 0) {
        code = refuse_empty(s);
    }
    if (code == LS_OK) {
        code = packing_warn_nested(&s->p, s->parts.split);
    }
    if (code != LS_OK) {
        return code;
    }
    if (s->p.wanted[DATASET_VAL] && options->val_fraction > 0) {
        log_info("%s: it has a folder of validation pictures, so none are chosen by fraction", s->walk.path);
    } else if (options->val_fraction > 0) {
        s->p.wanted[DATASET_VAL] = true;
        s->p.val_fraction = options->val_fraction;
        s->p.seed = options->seed;
    }
    return LS_OK;
}

static void release(folder_source *s)
{
    for (int split = 0; split < DATASET_SPLITS; split++) {
        pack_names_release(&s->classes[split]);
    }
    pack_names_release(&s->folders);
    pack_walk_unmark(&s->walk);
    free(s->file.bytes);
    image_release(&s->picture);
    packing_release(&s->p);
}

int pack_directory(const char *dir, const char *out, const pack_directory_options *options, pack_result *result)
{
    folder_source s = {0};
    if (!(options->val_fraction >= 0 && options->val_fraction < 1)) {
        return error_set(LS_EUSAGE, "pack: the fraction for validation must be at least 0 and below 1");
    }
    int code = packing_begin(&s.p, out, "entries");
    if (code != LS_OK) {
        return code;
    }
    s.p.account.strict = options->strict;
    s.p.advice = "is this the folder that holds the class folders?";
    code = pack_walk_begin(&s.walk, &s.p, dir);
    if (code == LS_OK) {
        code = gather(&s, options);
    }
    if (code == LS_OK) {
        code = packing_finish(&s.p, result);
    }
    release(&s);
    return code;
}
