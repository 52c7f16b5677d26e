#include "data/pack_numbers.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Where a name stands, or is to stand; true: it is there. */
static bool search(const pack_numbers *n, const char *name, size_t *at)
{
    size_t low = 0;
    size_t high = n->names.count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(name, n->names.names[middle]);
        if (order == 0) {
            *at = middle;
            return true;
        }
        low = order > 0 ? middle + 1 : low;
        high = order > 0 ? high : middle;
    }
    *at = low;
    return false;
}

bool pack_numbers_has(const pack_numbers *n, const char *name, int32_t *out)
{
    size_t at = 0;
    const bool found = search(n, name, &at);
    if (found) {
        *out = n->numbers[at];
    }
    return found;
}

/* Append a name, and room for its number. */
static int append(pack_numbers *n, const char *name)
{
    const int code = pack_names_add(&n->names, name);
    if (code == LS_OK && n->capacity < n->names.capacity) {
        int32_t *more = realloc(n->numbers, n->names.capacity * sizeof *more);
        if (more == NULL) {
            return error_set(LS_ENOMEM, "pack: no memory for %zu classes", n->names.capacity);
        }
        n->numbers = more;
        n->capacity = n->names.capacity;
    }
    return code;
}

int pack_numbers_find(pack_numbers *n, const char *name, int32_t *out)
{
    size_t at = 0;
    if (search(n, name, &at)) {
        *out = n->numbers[at];
        return LS_OK;
    }
    const int code = append(n, name);
    if (code != LS_OK) {
        return code;
    }
    const size_t last = n->names.count - 1;
    char *added = n->names.names[last];
    memmove(n->names.names + at + 1, n->names.names + at, (last - at) * sizeof *n->names.names);
    memmove(n->numbers + at + 1, n->numbers + at, (last - at) * sizeof *n->numbers);
    n->names.names[at] = added;
    n->numbers[at] = (int32_t)last;
    *out = (int32_t)last;
    return LS_OK;
}

int pack_numbers_finish(pack_numbers *n, pack_names *classes)
{
    int code = LS_OK;
    int32_t *places = calloc(n->names.count + 1, sizeof *places);
    if (places == NULL) {
        return error_set(LS_ENOMEM, "pack: no memory for %zu classes", n->names.count);
    }
    for (size_t i = 0; i < n->names.count && code == LS_OK; i++) {
        places[n->numbers[i]] = (int32_t)i;
        code = pack_names_add(classes, n->names.names[i]);
    }
    free(n->numbers);
    n->numbers = places;
    return code;
}

int32_t pack_numbers_place(const pack_numbers *n, int32_t number)
{
    return n->numbers[number];
}

void pack_numbers_release(pack_numbers *n)
{
    pack_names_release(&n->names);
    free(n->numbers);
    *n = (pack_numbers){0};
}
