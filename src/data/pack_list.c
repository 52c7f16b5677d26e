#include "data/pack_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static int reserve(pack_names *l, size_t capacity)
{
    char **names = realloc(l->names, capacity * sizeof *names);
    if (names == NULL) {
        return error_set(LS_ENOMEM, "pack: no memory for %zu names", capacity);
    }
    l->names = names;
    l->capacity = capacity;
    return LS_OK;
}

int pack_names_add(pack_names *l, const char *name)
{
    const int code = l->count < l->capacity ? LS_OK : reserve(l, l->capacity == 0 ? 64 : 2 * l->capacity);
    if (code != LS_OK) {
        return code;
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

size_t pack_names_find(const pack_names *l, const char *name)
{
    char *const *found = bsearch(&name, l->names, l->count, sizeof *l->names, compare);
    return found == NULL ? l->count : (size_t)(found - l->names);
}

int pack_names_add_new(pack_names *l, const char *name)
{
    if (l->count > 0 && strcmp(l->names[l->count - 1], name) == 0) {
        return LS_OK;
    }
    if (l->count > 0 && l->count == l->capacity) {
        pack_names_sort(l);
        /* sorted again after as many more as there are different ones */
        const int code = 2 * l->count < l->capacity ? LS_OK : reserve(l, 2 * l->capacity);
        if (code != LS_OK) {
            return code;
        }
    }
    return pack_names_add(l, name);
}

void pack_names_release(pack_names *l)
{
    for (size_t i = 0; i < l->count; i++) {
        free(l->names[i]);
    }
    free(l->names);
    *l = (pack_names){0};
}

void pack_item_release(const dataset_item *item)
{
    free(item->name);
}

int pack_items_add(pack_items *l, dataset_item item)
{
    if (l->count == l->capacity) {
        const size_t capacity = l->capacity == 0 ? 256 : 2 * l->capacity;
        dataset_item *items = realloc(l->items, capacity * sizeof *items);
        if (items == NULL) {
            pack_item_release(&item);
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
        pack_item_release(&l->items[i]);
    }
    free(l->items);
    *l = (pack_items){0};
}
