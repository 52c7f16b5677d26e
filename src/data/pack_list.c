#include "data/pack_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"

int pack_names_add(pack_names *l, const char *name)
{
    if (l->count == l->capacity) {
        const size_t capacity = l->capacity == 0 ? 64 : 2 * l->capacity;
        char **names = realloc(l->names, capacity * sizeof *names);
        if (names == NULL) {
            return error_set(LS_ENOMEM, "pack: no memory for %zu names", capacity);
        }
        l->names = names;
        l->capacity = capacity;
    }
    l->names[l->count] = strdup(name);
    if (l->names[l->count] == NULL) {
        return error_set(LS_ENOMEM, "pack: no memory for a name");
    }
    l->count++;
    return LS_OK;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void pack_names_sort(pack_names *l)
{
    if (l->count < 2) {
        return;
    }
    qsort(l->names, l->count, sizeof *l->names, compare);
    size_t kept = 1;
    for (size_t i = 1; i < l->count; i++) {
        if (strcmp(l->names[i], l->names[kept - 1]) == 0) {
            free(l->names[i]);
        } else {
            l->names[kept++] = l->names[i];
        }
    }
    l->count = kept;
}

void pack_names_release(pack_names *l)
{
    for (size_t i = 0; i < l->count; i++) {
        free(l->names[i]);
    }
    free(l->names);
    *l = (pack_names){0};
}

static void release_item(const dataset_item *item)
{
    free(item->name);
    free(item->path);
    free(item->bytes);
}

int pack_items_add(pack_items *l, dataset_item item)
{
    if (l->count == l->capacity) {
        const size_t capacity = l->capacity == 0 ? 256 : 2 * l->capacity;
        dataset_item *items = realloc(l->items, capacity * sizeof *items);
        if (items == NULL) {
            release_item(&item);
            return error_set(LS_ENOMEM, "pack: no memory for %zu pictures", capacity);
        }
        l->items = items;
        l->capacity = capacity;
    }
    l->items[l->count++] = item;
    return LS_OK;
}

void pack_items_release(pack_items *l)
{
    for (size_t i = 0; i < l->count; i++) {
        release_item(&l->items[i]);
    }
    free(l->items);
    *l = (pack_items){0};
}

int pack_finish(const char *out, const pack_items *items, const char *const *classes, size_t class_count,
                pack_result *result)
{
    size_t(*counts)[DATASET_SPLITS] = calloc(class_count + 1, sizeof *counts);
    if (counts == NULL) {
        return error_set(LS_ENOMEM, "pack: no memory for %zu classes", class_count);
    }
    const int code = dataset_write(out, items->items, items->count, classes, class_count);
    if (code != LS_OK) {
        goto cleanup;
    }
    size_t bytes = 0;
    result->train = result->val = 0;
    result->classes = class_count;
    for (size_t i = 0; i < items->count; i++) {
        const dataset_item *item = &items->items[i];
        counts[item->label][item->split]++;
        bytes += item->size;
        *(item->split == DATASET_VAL ? &result->val : &result->train) += 1;
    }
    for (size_t c = 0; c < class_count; c++) {
        log_info("  %-24s %7zu training %7zu validation", classes[c], counts[c][DATASET_TRAIN], counts[c][DATASET_VAL]);
    }
    for (size_t c = 0; c < class_count; c++) {
        if (counts[c][DATASET_TRAIN] == 0) {
            log_warn("class %s has no training pictures", classes[c]);
        }
    }
    log_info("%s: %zu training and %zu validation pictures in %zu classes, %.1f MB", out, result->train, result->val,
             class_count, (double)bytes * 1e-6);
    if (result->bad + result->hidden != 0) {
        log_info("passed over: %zu files that are not readable pictures, %zu hidden files", result->bad,
                 result->hidden);
    }
cleanup:
    free(counts);
    return code;
}
