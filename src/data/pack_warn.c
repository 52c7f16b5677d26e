#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "data/pack_names.h"
#include "data/packing.h"

/* In one line, so many names. */
enum { NAMED = 10 };

/* "2 of 10 classes: a, b". Nothing where there are none. */
typedef struct class_list {
    text_builder names;
    size_t count;
} class_list;

static void add_class(class_list *l, const char *name)
{
    if (l->count++ < NAMED) {
        text_add(&l->names, "%s%s", l->count == 1 ? "" : ", ", name);
    }
}

static void warn_classes(class_list *l, const char *what, size_t classes)
{
    char more[64] = "";
    if (l->count > NAMED) {
        (void)snprintf(more, sizeof more, " and %zu more", l->count - NAMED);
    }
    if (l->count > 0) {
        log_warn("%s in %zu of %zu classes: %s%s", what, l->count, classes, text_of(&l->names), more);
    }
    text_release(&l->names);
}

static bool is_empty(const size_t row[DATASET_SPLITS])
{
    return row[DATASET_TRAIN] + row[DATASET_VAL] + row[DATASET_TEST] == 0;
}

static void warn_empty(const packing *p, size_t (*counts)[DATASET_SPLITS])
{
    class_list empty = {0};
    const char *filled = "";
    for (size_t c = 0; c < p->classes.count; c++) {
        if (is_empty(counts[c])) {
            add_class(&empty, p->classes.names[c]);
        } else {
            filled = p->classes.names[c];
        }
    }
    if (p->classes.count - empty.count == 1) {
        log_warn("all pictures are of one class, %s; %s", filled, p->advice);
    }
    warn_classes(&empty, "no pictures at all", p->classes.count);
}

static void warn_split(const packing *p, size_t (*counts)[DATASET_SPLITS], dataset_split split)
{
    char what[64];
    class_list lacking = {0};
    (void)snprintf(what, sizeof what, "no %s pictures", dataset_split_name(split));
    if (p->account.sum.taken[split] == 0) {
        log_warn("%s at all", what);
        return;
    }
    for (size_t c = 0; c < p->classes.count; c++) {
        if (!is_empty(counts[c]) && counts[c][split] == 0) {
            add_class(&lacking, p->classes.names[c]);
        }
    }
    warn_classes(&lacking, what, p->classes.count);
}

void packing_warn_lacking(const packing *p, size_t (*counts)[DATASET_SPLITS])
{
    warn_empty(p, counts);
    for (int split = 0; split < DATASET_SPLITS; split++) {
        if (p->wanted[split] || p->account.sum.taken[split] > 0) {
            warn_split(p, counts, (dataset_split)split);
        }
    }
}

/* A folder of a class folder, and whose class its pictures are. */
typedef struct inner {
    const char *name; /* with what follows it: length bytes of it */
    size_t length;
    const dataset_item *first; /* of its pictures */
} inner;

/* The folder right in the class folder that a picture lies in; false where it lies in the class folder itself. */
static bool find_inner(inner *out, const dataset_item *item, bool split)
{
    const char *at = item->name;
    for (int i = 0; i < (split ? 2 : 1) && at != NULL; i++) {
        at = strchr(at, '/');
        at = at == NULL ? NULL : at + 1;
    }
    const char *end = at == NULL ? NULL : strchr(at, '/');
    if (end == NULL) {
        return false;
    }
    *out = (inner){at, (size_t)(end - at), item};
    return true;
}

static bool is_split(const inner *folder)
{
    char name[32];
    dataset_split split = DATASET_TRAIN;
    const int n = snprintf(name, sizeof name, "%.*s", (int)folder->length, folder->name);
    return (size_t)n < sizeof name && pack_split_named(&split, name);
}

/* Folders of one name beside each other, then by class. */
static int compare_inner(const void *a, const void *b)
{
    const inner *x = a;
    const inner *y = b;
    const size_t shared = x->length < y->length ? x->length : y->length;
    const int order = memcmp(x->name, y->name, shared);
    if (order != 0 || x->length != y->length) {
        return order != 0 ? order : (x->length < y->length ? -1 : 1);
    }
    return x->first->label < y->first->label ? -1 : x->first->label > y->first->label;
}

/* Warn of a name that folders of two classes have. */
static void warn_shared(inner *all, size_t n)
{
    qsort(all, n, sizeof *all, compare_inner);
    for (size_t i = 1; i < n; i++) {
        const inner *a = &all[i - 1];
        if (a->length == all[i].length && memcmp(a->name, all[i].name, a->length) == 0 &&
            a->first->label != all[i].first->label) {
            log_warn("no class folder holds pictures itself, but folders, of which some have the same name in several "
                     "classes, as %.200s and %.200s; are those the classes?",
                     a->first->name, all[i].first->name);
            return;
        }
    }
}

int packing_warn_nested(const packing *p, bool split)
{
    inner found;
    size_t n = 0;
    const inner *part = NULL;
    inner *all = calloc(p->items.count + 1, sizeof *all);
    if (all == NULL) {
        return error_set(LS_ENOMEM, "pack: no memory to look at %zu pictures", p->items.count);
    }
    for (size_t i = 0; i < p->items.count; i++) {
        if (find_inner(&found, &p->items.items[i], split)) {
            all[n] = found;
            part = part == NULL && is_split(&found) ? &all[n] : part;
            n++;
        }
    }
    if (part != NULL) {
        log_warn("%.*s lies in a class folder: its name is that of a split, but its pictures are taken for %s, as all "
                 "of %s; are the class folders to lie in those of the splits?",
                 (int)(part->name + part->length - part->first->name), part->first->name,
                 dataset_split_name(part->first->split), p->classes.names[part->first->label]);
    } else if (n == p->items.count) {
        warn_shared(all, n);
    }
    free(all);
    return LS_OK;
}

/* A name as people would compare it: without blanks around it, in small letters. */
typedef struct plain_name {
    const char *name, *begin;
    size_t length;
} plain_name;

static int compare_plain(const void *a, const void *b)
{
    const plain_name *x = a;
    const plain_name *y = b;
    const int order = strncasecmp(x->begin, y->begin, x->length < y->length ? x->length : y->length);
    return order != 0 || x->length == y->length ? order : (x->length < y->length ? -1 : 1);
}

static plain_name plain_of(const char *name)
{
    static const char blanks[] = " \t";
    plain_name out = {.name = name, .begin = name + strspn(name, blanks)};
    out.length = strlen(out.begin);
    while (out.length > 0 && strchr(blanks, out.begin[out.length - 1]) != NULL) {
        out.length--;
    }
    return out;
}

int packing_warn_alike(const pack_names *classes)
{
    size_t pairs = 0;
    const plain_name *first = NULL;
    plain_name *all = calloc(classes->count + 1, sizeof *all);
    if (all == NULL) {
        return error_set(LS_ENOMEM, "pack: no memory to compare %zu classes", classes->count);
    }
    for (size_t i = 0; i < classes->count; i++) {
        all[i] = plain_of(classes->names[i]);
    }
    qsort(all, classes->count, sizeof *all, compare_plain);
    for (size_t i = 1; i < classes->count; i++) {
        if (compare_plain(&all[i - 1], &all[i]) == 0) {
            first = pairs++ == 0 ? &all[i - 1] : first;
        }
    }
    if (pairs > 0) {
        log_warn("names of classes that differ in capital letters or blanks only: '%.100s' and '%.100s'%s; they are "
                 "classes of their own",
                 first[0].name, first[1].name, pairs == 1 ? "" : ", for example");
    }
    free(all);
    return LS_OK;
}
