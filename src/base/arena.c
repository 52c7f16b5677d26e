#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/error.h"
#include "base/size.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
enum { GAP = 64 };
#else
#define ASAN_POISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
enum { GAP = 0 };
#endif

enum { ALIGNMENT = 64 };
static const size_t huge_page = (size_t)2 << 20;

arena arena_plan(void)
{
    return (arena){NULL, 0, 0};
}

int arena_init(arena *out, size_t size)
{
    const size_t bytes = size_round_up(size == 0 ? 1 : size, huge_page);
    *out = arena_plan();
    void *base = aligned_alloc(huge_page, bytes);
    if (base == NULL) {
        return error_set(LS_ENOMEM,
                         "cannot allocate %zu MiB for activations and gradients; use a smaller batch per rank or more "
                         "ranks",
                         bytes >> 20);
    }
    (void)madvise(base, bytes, MADV_HUGEPAGE); /* a hint; without it only the first touch is slower */
    memset(base, 0, bytes);
    ASAN_POISON_MEMORY_REGION(base, bytes);
    *out = (arena){base, bytes, 0};
    return LS_OK;
}

void *arena_alloc(arena *a, size_t count, size_t size)
{
    const size_t bytes = size_round_up(count * size, ALIGNMENT);
    void *piece = NULL;
    if (a->base != NULL) {
        if (a->used + bytes > a->size) {
            return NULL;
        }
        piece = a->base + a->used;
        ASAN_UNPOISON_MEMORY_REGION(piece, count * size);
    }
    a->used += bytes + GAP;
    return piece;
}

void arena_reset(arena *a)
{
    if (a->base != NULL) {
        ASAN_UNPOISON_MEMORY_REGION(a->base, a->size);
        memset(a->base, 0, a->used);
        ASAN_POISON_MEMORY_REGION(a->base, a->size);
    }
    a->used = 0;
}

void arena_release(arena *a)
{
    if (a->base != NULL) {
        ASAN_UNPOISON_MEMORY_REGION(a->base, a->size);
    }
    free(a->base);
    *a = arena_plan();
}
