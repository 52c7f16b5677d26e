#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "data/packing.h"

/* The same picture in two classes or splits: of the same bytes, or to look at. */
typedef const dataset_item *entry;

static int compare_numbers(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

/* The same bytes beside each other, in the order of the data set. */
static int compare_bytes(const void *a, const void *b)
{
    const dataset_item *x = *(const entry *)a;
    const dataset_item *y = *(const entry *)b;
    const int hashes = compare_numbers(x->hash, y->hash);
    const int order = hashes != 0 ? hashes : compare_numbers(x->size, y->size);
    return order != 0 ? order : x < y ? -1 : x > y;
}

static int compare_likeness(const void *a, const void *b)
{
    const dataset_item *x = *(const entry *)a;
    const dataset_item *y = *(const entry *)b;
    const int order = compare_numbers(x->likeness, y->likeness);
    return order != 0 ? order : x < y ? -1 : x > y;
}

static bool same_bytes(const dataset_item *a, const dataset_item *b)
{
    return a->hash == b->hash && a->size == b->size;
}

static bool same_likeness(const dataset_item *a, const dataset_item *b)
{
    return a->likeness != 0 && a->likeness == b->likeness;
}

static bool other_class(const dataset_item *a, const dataset_item *b)
{
    return a->label != b->label;
}

static bool other_split(const dataset_item *a, const dataset_item *b)
{
    return a->split != b->split;
}

/* Those of the same bytes have their line. */
static bool other_class_and_bytes(const dataset_item *a, const dataset_item *b)
{
    return other_class(a, b) && !same_bytes(a, b);
}

static bool other_split_and_bytes(const dataset_item *a, const dataset_item *b)
{
    return other_split(a, b) && !same_bytes(a, b);
}

/* What pictures that are the same have in common with none other: how many such groups, and the first pair. */
typedef struct twins {
    size_t groups;
    const dataset_item *first, *second;
} twins;

/* A group: the first that differs from its beginning makes it one of those that are found. */
static void look_at(twins *found, const entry *group, size_t n,
                    bool (*differ)(const dataset_item *a, const dataset_item *b))
{
    size_t other = 1;
    while (other < n && !differ(group[0], group[other])) {
        other++;
    }
    if (other < n && (found->groups++ == 0 || group[0] < found->first)) {
        found->first = group[0];
        found->second = group[other];
    }
}

/* How pictures are the same, and what each of two warnings asks of them. */
typedef struct question {
    int (*compare)(const void *a, const void *b);
    bool (*same)(const dataset_item *a, const dataset_item *b);
    bool (*other_class)(const dataset_item *a, const dataset_item *b);
    bool (*other_split)(const dataset_item *a, const dataset_item *b);
    const char *how;
} question;

static void warn_of(const twins *found, const char *where, const char *how, const char *advice)
{
    char first[PACK_SHOWN];
    char second[PACK_SHOWN];
    if (found->groups > 0) {
        log_warn("%zu %s in more than one %s %s: %s and %s%s; %s", found->groups,
                 found->groups == 1 ? "picture is" : "pictures are", where, how, pack_shown(first, found->first->name),
                 pack_shown(second, found->second->name), found->groups == 1 ? "" : ", for example", advice);
    }
}

static int warn(const pack_items *items, const question *q)
{
    twins classes = {0};
    twins splits = {0};
    entry *all = calloc(items->count + 1, sizeof(entry));
    if (all == NULL) {
        return error_set(LS_ENOMEM, "pack: no memory to compare %zu pictures", items->count);
    }
    for (size_t i = 0; i < items->count; i++) {
        all[i] = &items->items[i];
    }
    qsort(all, items->count, sizeof(entry), q->compare);
    for (size_t start = 0, end = 0; start < items->count; start = end) {
        end = start + 1;
        while (end < items->count && q->same(all[start], all[end])) {
            end++;
        }
        look_at(&classes, all + start, end - start, q->other_class);
        look_at(&splits, all + start, end - start, q->other_split);
    }
    free(all);
    warn_of(&classes, "class", q->how, "at least one of the labels is wrong");
    warn_of(&splits, "split", q->how, "figures of the other split are too good for them");
    return LS_OK;
}

int packing_warn_twice(const pack_items *items)
{
    static const question bytes = {compare_bytes, same_bytes, other_class, other_split, "with the same bytes"};
    return warn(items, &bytes);
}

int packing_warn_look_alike(const pack_items *items)
{
    static const question looks = {compare_likeness, same_likeness, other_class_and_bytes, other_split_and_bytes,
                                   "by their looks, not their bytes (perceptual hash)"};
    return warn(items, &looks);
}
