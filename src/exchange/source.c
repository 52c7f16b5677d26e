#include "exchange/source.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

int source_set(source_tensor *out, const char *name, int rank, const size_t *shape, size_t at)
{
    *out = (source_tensor){.name = strdup(name), .rank = rank, .at = at};
    for (int i = 0; i < rank && i < SOURCE_MOST_RANK; i++) {
        out->shape[i] = shape[i];
    }
    return out->name != NULL ? LS_OK : error_set(LS_ENOMEM, "out of memory for the names of tensors");
}

int source_add(source *s, const char *name, int rank, const size_t *shape, size_t at)
{
    if (s->count == s->capacity) {
        const size_t wanted = s->capacity == 0 ? 512 : 2 * s->capacity;
        source_tensor *larger = realloc(s->tensors, wanted * sizeof *larger);
        if (larger == NULL) {
            return error_set(LS_ENOMEM, "out of memory for the names of tensors");
        }
        s->tensors = larger;
        s->capacity = wanted;
    }
    const int code = source_set(&s->tensors[s->count], name, rank, shape, at);
    s->count += code == LS_OK;
    return code;
}

/* Whether a text with commas between its parts has this one. */
static bool is_listed(const char *list, const char *name)
{
    const size_t n = strlen(name);
    for (const char *at = strstr(list, name); at != NULL; at = strstr(at + 1, name)) {
        if ((at == list || at[-1] == ' ') && (at[n] == '\0' || at[n] == ',')) {
            return true;
        }
    }
    return false;
}

void source_pass_over(source *s, const char *layer)
{
    enum { MOST_TEXT = 300 };
    const char *listed = text_of(&s->passed_over);
    if (*layer == '\0' || is_listed(listed, layer)) {
        return;
    }
    if (s->passed_over.length < MOST_TEXT) {
        text_add(&s->passed_over, "%s%.60s", *listed == '\0' ? "" : ", ", layer);
    } else if (!is_listed(listed, "...")) {
        text_add(&s->passed_over, ", ...");
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const source_tensor *)a)->name, ((const source_tensor *)b)->name);
}

int source_finish(source *s, const char *path)
{
    if (s->count > 0) {
        qsort(s->tensors, s->count, sizeof *s->tensors, by_name);
    }
    for (size_t i = 1; i < s->count; i++) {
        if (by_name(&s->tensors[i - 1], &s->tensors[i]) == 0) {
            return error_set(LS_EFORMAT, "%s: tensor %s: is there twice; name a file with one network", path,
                             s->tensors[i].name);
        }
    }
    return LS_OK;
}

const source_tensor *source_find(const source *s, const char *name)
{
    const source_tensor wanted = {.name = (char *)name};
    return s->count == 0 ? NULL : bsearch(&wanted, s->tensors, s->count, sizeof wanted, by_name);
}

bool source_has_shape(const source_tensor *t, int rank, const size_t *shape)
{
    bool same = t->rank == rank;
    for (int i = 0; same && i < rank; i++) {
        same = t->shape[i] == shape[i];
    }
    return same;
}

void source_release(source *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->tensors[i].name);
    }
    for (size_t i = 0; i < SOURCE_MOST_DENSE; i++) {
        free(s->dense[i].kernel.name);
        free(s->dense[i].bias.name);
    }
    free(s->tensors);
    text_release(&s->passed_over);
    *s = (source){0};
}
