#include "data/pack_seen.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"

/* Where it is, or the free place where it belongs. */
static size_t find(const pack_seen *s, dev_t device, ino_t number)
{
    const uint64_t words[2] = {(uint64_t)device, (uint64_t)number};
    size_t at = (size_t)hash_bytes(HASH_START, words, sizeof words) % s->capacity;
    while (s->places[at].number != 0 && (s->places[at].number != number || s->places[at].device != device)) {
        at = (at + 1) % s->capacity;
    }
    return at;
}

static int grow(pack_seen *s)
{
    pack_seen larger = {.capacity = s->capacity == 0 ? 64 : 2 * s->capacity, .count = s->count};
    larger.places = calloc(larger.capacity, sizeof *larger.places);
    if (larger.places == NULL) {
        return error_set(LS_ENOMEM, "pack: no memory for %zu folders", larger.capacity);
    }
    for (size_t i = 0; i < s->capacity; i++) {
        if (s->places[i].number != 0) {
            larger.places[find(&larger, s->places[i].device, s->places[i].number)] = s->places[i];
        }
    }
    free(s->places);
    *s = larger;
    return LS_OK;
}

int pack_seen_add(pack_seen *s, const struct stat *folder, bool *before)
{
    if (2 * (s->count + 1) > s->capacity) {
        const int code = grow(s);
        if (code != LS_OK) {
            return code;
        }
    }
    const size_t at = find(s, folder->st_dev, folder->st_ino);
    *before = s->places[at].number != 0;
    if (!*before) {
        s->places[at].device = folder->st_dev;
        s->places[at].number = folder->st_ino;
        s->count++;
    }
    return LS_OK;
}

void pack_seen_clear(pack_seen *s)
{
    if (s->places != NULL) {
        memset(s->places, 0, s->capacity * sizeof *s->places);
    }
    s->count = 0;
}

void pack_seen_release(pack_seen *s)
{
    free(s->places);
    *s = (pack_seen){0};
}
