#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/random.h"
#include "data/packing.h"

/* A training picture in the order in which those of its class are chosen. */
typedef struct candidate {
    uint64_t key;
    dataset_item *item; /* not owned */
} candidate;

static int compare(const void *a, const void *b)
{
    const candidate *x = a;
    const candidate *y = b;
    if (x->item->label != y->item->label) {
        return x->item->label < y->item->label ? -1 : 1;
    }
    if (x->key != y->key) {
        return x->key < y->key ? -1 : 1;
    }
    return strcmp(x->item->name, y->item->name);
}

static size_t share(double fraction, size_t n)
{
    const size_t rounded = (size_t)floor(fraction * (double)n + 0.5);
    if (n < 2) {
        return 0;
    }
    return rounded < 1 ? 1 : rounded > n - 1 ? n - 1 : rounded;
}

int packing_choose(pack_items *items, double fraction, uint64_t seed)
{
    size_t n = 0;
    if (!(fraction > 0)) {
        return LS_OK;
    }
    candidate *all = calloc(items->count + 1, sizeof *all);
    if (all == NULL) {
        return error_set(LS_ENOMEM, "pack: no memory to choose among %zu pictures", items->count);
    }
    for (size_t i = 0; i < items->count; i++) {
        dataset_item *item = &items->items[i];
        if (item->split == DATASET_TRAIN) {
            const uint64_t name = hash_bytes(HASH_START, item->name, strlen(item->name));
            all[n++] = (candidate){random_bits(seed, random_stream(RANDOM_SPLIT, name, 0), 0), item};
        }
    }
    qsort(all, n, sizeof *all, compare);
    for (size_t start = 0, end = 0; start < n; start = end) {
        while (end < n && all[end].item->label == all[start].item->label) {
            end++;
        }
        const size_t chosen = share(fraction, end - start); /* of a class */
        for (size_t i = start; i < start + chosen; i++) {
            all[i].item->split = DATASET_VAL;
        }
    }
    free(all);
    return LS_OK;
}
