#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "data/pack_layout.h"
#include "data/pack_names.h"
#include "data/pack_pipe.h"

enum { LEFT_OUT = -1 }; /* the label of files whose class is */

typedef struct folder_source {
    packing p;
    pack_walk walk;
    pack_names folders; /* in the folder that was given */
    pack_parts parts;
    pack_names classes[DATASET_SPLITS]; /* their class folders */
    pack_items found;                   /* all files, not looked into; names move to those that are taken */
    size_t taken;                       /* of those that came back */
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
    size_t folders = 0;
    for (int split = 0; split < DATASET_SPLITS; split++) {
        const pack_names *names = &s->classes[split];
        for (size_t c = 0; c < names->count && code == LS_OK; c++) {
            const char *name = pack_choice_class(s->p.choice, names->names[c]);
            code = name != NULL ? pack_names_add(&s->p.classes, name) : LS_OK;
            folders++;
        }
    }
    if (code == LS_OK) {
        code = pack_choice_check(s->p.choice, "class folder");
    }
    if (code == LS_OK) {
        code = pack_choice_number(s->p.choice, &s->p.classes);
    }
    if (code == LS_OK && folders == 0) {
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
            const char *class_name = pack_choice_class(s->p.choice, name);
            const int32_t label =
                class_name != NULL ? pack_choice_find(s->p.choice, &s->p.classes, class_name) : LEFT_OUT;
            code = pack_walk_take(&s->walk, label, split);
        }
        pack_walk_leave(&s->walk, root);
    }
    return code;
}

/* The walk is in the folder that was given. */
static int set_path(const folder_source *s, pack_picture *p)
{
    const size_t n = s->walk.root + strlen(p->item.name) + 1;
    p->path = malloc(n);
    if (p->path == NULL) {
        return error_set(LS_ENOMEM, "pack: no memory for a path");
    }
    (void)snprintf(p->path, n, "%s%s%s", s->walk.path, s->walk.root > s->walk.length ? "/" : "", p->item.name);
    return LS_OK;
}

/* One that was looked into: keep it if it is a picture. */
static int take(void *context, pack_picture *p)
{
    folder_source *s = context;
    s->taken++;
    packing_show(&s->p, s->taken, s->found.count);
    return packing_receive(&s->p, p, p->path);
}

/* Look into all files that were found. */
static int look_into_all(folder_source *s)
{
    pack_pipe *pipe = NULL;
    int code = packing_pipe(&s->p, &pipe, take, s);
    for (size_t i = 0; i < s->found.count && code == LS_OK; i++) {
        pack_picture *p = NULL;
        if (s->found.items[i].label == LEFT_OUT) {
            code = pack_pass(&s->p.account, PACK_CLASS, s->found.items[i].name, "is of a class that is left out");
            s->taken++;
            continue;
        }
        code = pack_pipe_room(pipe, &p);
        if (code == LS_OK) {
            p->item = s->found.items[i];
            s->found.items[i].name = NULL;
            code = set_path(s, p);
        }
        if (code == LS_OK) {
            pack_pipe_put(pipe);
        }
    }
    if (code == LS_OK) {
        code = pack_pipe_finish(pipe);
    }
    pack_pipe_free(pipe);
    log_progress_end();
    return code;
}

/* Nothing was taken: what became of all that is there. */
static int refuse_empty(const folder_source *s)
{
    text_builder passed = {0};
    pack_account_rest(&s->p.account);
    pack_account_passed(&s->p.account, &passed);
    const int code =
        error_set(LS_EUSAGE, "%.600s: no readable pictures in its class folders; %s", s->walk.path, text_of(&passed));
    text_release(&passed);
    return code;
}

static int gather(folder_source *s, pack_layout layout)
{
    int code = find_parts(s, layout);
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
    if (code == LS_OK) {
        packing_settle_validation(&s->p, s->walk.path, "it has a folder of validation pictures");
    }
    return code;
}

static void release(folder_source *s)
{
    for (int split = 0; split < DATASET_SPLITS; split++) {
        pack_names_release(&s->classes[split]);
    }
    pack_names_release(&s->folders);
    pack_walk_unmark(&s->walk);
    pack_items_release(&s->found);
    packing_release(&s->p);
}

int pack_directory(const char *dir, const char *out, const pack_directory_options *options, pack_result *result)
{
    folder_source s = {0};
    int code = packing_begin(&s.p, out, "entries");
    if (code == LS_OK) {
        code = packing_use(&s.p, options);
    }
    if (code == LS_OK) {
        s.p.advice = "is this the folder that holds the class folders?";
        code = pack_walk_begin(&s.walk, &s.p, &s.found, dir);
    }
    if (code == LS_OK) {
        code = gather(&s, options->layout);
    }
    if (code == LS_OK) {
        code = packing_finish(&s.p, result);
    }
    release(&s);
    return code;
}
