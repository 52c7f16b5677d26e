#include "train/records.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { ROUND = 4096 }; /* records that a rank sends at a time: what rank 0 takes of memory for it stays small */
#define NOWHERE UINT32_MAX

_Static_assert(sizeof(metrics_sample) == 2 * sizeof(double) + 4 * sizeof(uint32_t), "no padding is sent");

int records_reserve(records *r, size_t capacity)
{
    *r = (records){.samples = calloc(capacity + 1, sizeof *r->samples), .capacity = capacity};
    return r->samples != NULL ? LS_OK : error_set(LS_ENOMEM, "out of memory for the figures of %zu samples", capacity);
}

void records_add(records *r, const batch *b, size_t before, const real *logits, size_t classes)
{
    const size_t position = before + b->range.first_sample;
    for (size_t i = 0; i < b->range.samples && r->count < r->capacity; i++, r->count++) {
        r->samples[r->count] =
            metrics_sample_of(logits + i * classes, classes, (uint32_t)b->labels[i], (uint32_t)(position + i));
    }
}

/* n records of every rank from number `from` on, of those that it has, to their places on rank 0. to: NULL elsewhere.
 */
static int gather_round(metrics_sample *to, size_t all, comm *c, const records *r, size_t from, size_t n)
{
    void *bytes = NULL;
    metrics_sample *mine = calloc(n, sizeof *mine);
    int code = comm_agree(c, mine == NULL ? error_set(LS_ENOMEM, "out of memory for %zu records", n) : LS_OK);
    if (code == LS_OK && mine != NULL) {
        for (size_t i = 0; i < n; i++) {
            mine[i] = from + i < r->count ? r->samples[from + i] : (metrics_sample){.position = NOWHERE};
        }
        code = comm_or_abort(c, comm_gather(c, mine, n * sizeof *mine, &bytes));
    }
    const metrics_sample *got = bytes;
    for (size_t i = 0; code == LS_OK && got != NULL && to != NULL && i < n * (size_t)comm_size(c); i++) {
        if (got[i].position < all) {
            to[got[i].position] = got[i];
        }
    }
    free(bytes);
    free(mine);
    return code;
}

int records_gather(records *r, comm *c, size_t all)
{
    records whole = {0};
    int most = 0;
    int code = r->count <= INT_MAX ? LS_OK : error_set(LS_EUSAGE, "%zu samples are too many for a rank", r->count);
    if (code == LS_OK && comm_rank(c) == 0) {
        code = records_reserve(&whole, all);
    }
    code = comm_agree(c, code);
    if (code == LS_OK) {
        code = comm_or_abort(c, comm_max(c, (int)r->count, &most));
    }
    for (size_t from = 0; code == LS_OK && from < (size_t)most; from += ROUND) {
        const size_t left = (size_t)most - from;
        code = gather_round(whole.samples, all, c, r, from, left < ROUND ? left : ROUND);
    }
    whole.count = whole.capacity;
    records_release(r);
    *r = whole;
    return code;
}

void records_release(records *r)
{
    free(r->samples);
    *r = (records){0};
}
