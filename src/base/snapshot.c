#include "base/snapshot.h"

#include <string.h>

void snapshot_write(snapshot *s, const void *bytes, size_t n)
{
    const uint64_t turn = atomic_load_explicit(&s->turn, memory_order_relaxed);
    atomic_store_explicit(&s->turn, turn + 1, memory_order_relaxed);
    for (size_t i = 0; 8 * i < n; i++) {
        uint64_t word = 0;
        memcpy(&word, (const char *)bytes + 8 * i, n - 8 * i < 8 ? n - 8 * i : 8);
        /* Released one by one: whoever sees one of them sees that the turn is odd. */
        atomic_store_explicit(&s->words[i], word, memory_order_release);
    }
    atomic_store_explicit(&s->turn, turn + 2, memory_order_release);
}

int snapshot_read(snapshot *s, void *bytes, size_t n)
{
    enum { TRIES = 100 };
    for (int tries = 0; tries < TRIES; tries++) {
        const uint64_t before = atomic_load_explicit(&s->turn, memory_order_acquire);
        if (before == 0) {
            return 0;
        }
        for (size_t i = 0; 8 * i < n; i++) {
            const uint64_t word = atomic_load_explicit(&s->words[i], memory_order_acquire);
            memcpy((char *)bytes + 8 * i, &word, n - 8 * i < 8 ? n - 8 * i : 8);
        }
        if (before % 2 == 0 && atomic_load_explicit(&s->turn, memory_order_relaxed) == before) {
            return 1;
        }
    }
    return 0;
}
