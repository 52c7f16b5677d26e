#include "data/class_map.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

typedef struct named_class {
    const char *name;
    int32_t number;
} named_class;

static int by_name(const void *a, const void *b)
{
    return strcmp(((const named_class *)a)->name, ((const named_class *)b)->name);
}

int class_map_find(int32_t *out, const char *const *names, size_t n, const char *const *others, size_t count)
{
    named_class *sorted = calloc(count + 1, sizeof *sorted);
    if (sorted == NULL) {
        return error_set(LS_ENOMEM, "no memory for the names of %zu classes", count);
    }
    for (size_t i = 0; i < count; i++) {
        sorted[i] = (named_class){others[i], (int32_t)i};
    }
    qsort(sorted, count, sizeof *sorted, by_name);
    for (size_t i = 0; i < n; i++) {
        const named_class wanted = {names[i], 0};
        const named_class *found = bsearch(&wanted, sorted, count, sizeof *sorted, by_name);
        out[i] = found != NULL ? found->number : -1;
    }
    free(sorted);
    return LS_OK;
}
