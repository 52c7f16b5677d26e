#include "data/pack_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/text.h"
#include "data/pack.h"

enum { MOST_LABEL = 255 };

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* Bytes of a path's key. */
static size_t key_of(const char *path)
{
    const char *part = last_part(path);
    return (size_t)(part - path) + strcspn(part, ".");
}

bool pack_keys_is_label(const char *path)
{
    return strcasecmp(path + key_of(path), ".cls") == 0;
}

/* A label without blanks around it; NULL where it is no text, empty or too long. */
static char *copy_label(const char *bytes, size_t n)
{
    while (n > 0 && strchr(" \t\r\n", bytes[n - 1]) != NULL && bytes[n - 1] != '\0') {
        n--;
    }
    while (n > 0 && (bytes[0] == ' ' || bytes[0] == '\t')) {
        bytes++;
        n--;
    }
    if (n == 0 || n > MOST_LABEL || memchr(bytes, '\0', n) != NULL || memchr(bytes, '\n', n) != NULL) {
        return NULL;
    }
    return strndup(bytes, n);
}

int pack_keys_add(pack_keys *k, const char *path, const char *bytes, size_t n)
{
    if (k->count == k->capacity) {
        const size_t capacity = k->capacity == 0 ? 256 : 2 * k->capacity;
        pack_key *keys = realloc(k->keys, capacity * sizeof *keys);
        if (keys == NULL) {
            return error_set(LS_ENOMEM, "pack: no memory for %zu labels", capacity);
        }
        k->keys = keys;
        k->capacity = capacity;
    }
    char *label = copy_label(bytes, n);
    if (label == NULL) {
        return error_set(LS_EFORMAT, "%.600s: holds no label: a number or a name of at most %d bytes", path,
                         MOST_LABEL);
    }
    char *key = strndup(path, key_of(path));
    if (key == NULL) {
        free(label);
        return error_set(LS_ENOMEM, "pack: no memory for a label");
    }
    k->keys[k->count++] = (pack_key){key, label, 0};
    return LS_OK;
}

static bool is_number(const char *label)
{
    return label[strspn(label, "0123456789")] == '\0';
}

static bool all_numbers(const pack_keys *all, size_t count)
{
    for (size_t a = 0; a < count; a++) {
        for (size_t i = 0; i < all[a].count; i++) {
            if (!is_number(all[a].keys[i].label)) {
                return false;
            }
        }
    }
    return true;
}

static int take_number(pack_key *k, int32_t *largest)
{
    const unsigned long number = strtoul(k->label, NULL, 10);
    if (number >= PACK_MAX_CLASSES) {
        return error_set(LS_EFORMAT, "%.600s.cls: the label %.40s is too large: there are %d classes at most", k->key,
                         k->label, PACK_MAX_CLASSES);
    }
    k->number = (int32_t)number;
    *largest = k->number > *largest ? k->number : *largest;
    return LS_OK;
}

static int number_by_numbers(pack_keys *all, size_t count, pack_names *classes)
{
    int code = LS_OK;
    int32_t largest = -1;
    for (size_t a = 0; a < count; a++) {
        for (size_t i = 0; i < all[a].count && code == LS_OK; i++) {
            code = take_number(&all[a].keys[i], &largest);
        }
    }
    for (int32_t i = 0; i <= largest && code == LS_OK; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "%d", (int)i);
        code = pack_names_add(classes, name);
    }
    return code;
}

static int number_by_names(pack_keys *all, size_t count, pack_names *classes)
{
    int code = LS_OK;
    for (size_t a = 0; a < count; a++) {
        for (size_t i = 0; i < all[a].count && code == LS_OK; i++) {
            code = pack_names_add_new(classes, all[a].keys[i].label);
        }
    }
    pack_names_sort(classes);
    for (size_t a = 0; a < count && code == LS_OK; a++) {
        for (size_t i = 0; i < all[a].count; i++) {
            all[a].keys[i].number = (int32_t)pack_names_find(classes, all[a].keys[i].label);
        }
    }
    return code;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const pack_key *)a)->key, ((const pack_key *)b)->key);
}

int pack_keys_number(pack_keys *all, size_t count, pack_names *classes)
{
    const int code =
        all_numbers(all, count) ? number_by_numbers(all, count, classes) : number_by_names(all, count, classes);
    for (size_t a = 0; a < count; a++) {
        if (all[a].count > 1) {
            qsort(all[a].keys, all[a].count, sizeof *all[a].keys, by_key);
        }
    }
    return code;
}

/* A path's key beside one of the list. */
static int compare(const char *path, size_t n, const char *key)
{
    const int before = strncmp(path, key, n);
    return before != 0 ? before : key[n] == '\0' ? 0 : -1;
}

bool pack_keys_find(const pack_keys *k, const char *path, int32_t *label)
{
    const size_t n = key_of(path);
    size_t low = 0;
    size_t high = k->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = compare(path, n, k->keys[middle].key);
        if (order == 0) {
            *label = k->keys[middle].number;
            return true;
        }
        low = order > 0 ? middle + 1 : low;
        high = order > 0 ? high : middle;
    }
    return false;
}

void pack_keys_release(pack_keys *k)
{
    for (size_t i = 0; i < k->count; i++) {
        free(k->keys[i].key);
        free(k->keys[i].label);
    }
    free(k->keys);
    *k = (pack_keys){0};
}
