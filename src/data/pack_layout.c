#include "data/pack_layout.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "data/pack_names.h"
#include "io/named.h"

/* Whether a folder in the one at hand holds folders that could be classes. */
static int holds_folders(bool *out, pack_walk *w, const char *folder)
{
    pack_names names = {0};
    size_t outer = 0;
    size_t inner = 0;
    *out = false;
    if (!pack_walk_enter(w, folder, &outer)) {
        return LS_OK;
    }
    const int code = pack_walk_list(w, &names);
    for (size_t i = 0; code == LS_OK && i < names.count && !*out; i++) {
        const char *name = names.names[i];
        if (name[0] != '.' && !pack_is_system(name) && pack_walk_enter(w, name, &inner)) {
            *out = named_is_folder(w->path);
            pack_walk_leave(w, inner);
        }
    }
    pack_walk_leave(w, outer);
    pack_names_release(&names);
    return code;
}

void pack_evidence_add(pack_evidence *e, const char *name, bool holds)
{
    dataset_split split = DATASET_TRAIN;
    if (!pack_split_named(&split, name)) {
        e->others++;
        return;
    }
    e->split = e->split == NULL ? name : e->split;
    e->holding = e->holding == NULL && holds ? name : e->holding;
    e->train_holds = e->train_holds || (holds && split == DATASET_TRAIN);
}

static int collect(pack_evidence *e, pack_walk *w, const pack_names *folders)
{
    int code = LS_OK;
    for (size_t i = 0; i < folders->count && code == LS_OK; i++) {
        const char *name = folders->names[i];
        dataset_split split = DATASET_TRAIN;
        bool holds = false;
        code = pack_split_named(&split, name) ? holds_folders(&holds, w, name) : LS_OK;
        pack_evidence_add(e, name, holds);
    }
    return code;
}

static int refuse(const char *where, const char *folder, const char *why)
{
    return error_set(LS_EUSAGE,
                     "%s: the folder '%s' could be a split or a class: %s; say --layout split or --layout classes",
                     where, folder, why);
}

int pack_evidence_decide(bool *split, const pack_evidence *e, const char *where)
{
    *split = e->split != NULL && e->others == 0;
    if (*split && !e->train_holds) {
        return refuse(where, e->split, "there is no folder for training that holds class folders");
    }
    if (e->others > 0 && e->holding != NULL) {
        return refuse(where, e->holding, "it holds folders, and other folders lie beside it");
    }
    if (e->others > 0 && e->split != NULL) {
        log_warn("%s: the folder '%s' is taken for a class, as it holds no folders and other folders lie beside it "
                 "(--layout classes says so)",
                 where, e->split);
    }
    return LS_OK;
}

static int find_parts(pack_parts *out, const pack_walk *w, const pack_names *folders)
{
    bool any = false;
    for (size_t i = 0; i < folders->count; i++) {
        dataset_split split = DATASET_TRAIN;
        if (!pack_split_named(&split, folders->names[i])) {
            continue;
        }
        if (out->folders[split] != NULL) {
            return error_set(LS_EUSAGE, "%s: '%s' and '%s' are both folders of %s pictures; put them into one", w->path,
                             out->folders[split], folders->names[i], dataset_split_name(split));
        }
        out->folders[split] = folders->names[i];
        any = true;
    }
    return any ? LS_OK
               : error_set(LS_EUSAGE,
                           "%s: no folder in it is called train, val or test; --layout classes takes each for "
                           "a class",
                           w->path);
}

int pack_parts_decide(pack_parts *out, pack_walk *w, const pack_names *folders, pack_layout layout)
{
    pack_evidence e = {0};
    *out = (pack_parts){.split = layout == PACK_LAYOUT_SPLIT};
    if (layout == PACK_LAYOUT_AUTO) {
        int code = collect(&e, w, folders);
        if (code == LS_OK) {
            code = pack_evidence_decide(&out->split, &e, w->path);
        }
        if (code != LS_OK) {
            return code;
        }
    }
    if (out->split) {
        return find_parts(out, w, folders);
    }
    out->folders[DATASET_TRAIN] = "";
    return LS_OK;
}
