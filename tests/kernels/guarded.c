#include "guarded.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

enum { GUARD = 256, ALIGNMENT = 64, BUFFERS = 128 };

static const unsigned char pattern[4] = {0xed, 0xce, 0xfa, 0x7f}; /* a NaN as float, twice a NaN as double */

static struct {
    unsigned char *base;
    size_t bytes; /* between the guards */
} buffers[BUFFERS];

static size_t used;

static void fill_guard(unsigned char *at)
{
    for (size_t i = 0; i < GUARD; i++) {
        at[i] = pattern[i % sizeof pattern];
    }
    ASAN_POISON_MEMORY_REGION(at, GUARD);
}

void *guarded_alloc(size_t count, size_t size)
{
    const size_t bytes = count * size;
    ck_assert_uint_lt(used, BUFFERS);
    unsigned char *base = aligned_alloc(ALIGNMENT, (bytes + 2 * GUARD + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    ck_assert_ptr_nonnull(base);
    memset(base + GUARD, 0xff, bytes);
    fill_guard(base);
    fill_guard(base + GUARD + bytes);
    buffers[used].base = base;
    buffers[used].bytes = bytes;
    used++;
    return base + GUARD;
}

static int guard_intact(unsigned char *at)
{
    int intact = 1;
    ASAN_UNPOISON_MEMORY_REGION(at, GUARD);
    for (size_t i = 0; i < GUARD; i++) {
        intact &= at[i] == pattern[i % sizeof pattern];
    }
    ASAN_POISON_MEMORY_REGION(at, GUARD);
    return intact;
}

void guarded_check(const char *who)
{
    for (size_t i = 0; i < used; i++) {
        if (!guard_intact(buffers[i].base)) {
            ck_abort_msg("%s wrote in front of buffer %zu (%zu bytes)", who, i, buffers[i].bytes);
        }
        if (!guard_intact(buffers[i].base + GUARD + buffers[i].bytes)) {
            ck_abort_msg("%s wrote behind buffer %zu (%zu bytes)", who, i, buffers[i].bytes);
        }
    }
}

size_t guarded_mark(void)
{
    return used;
}

void guarded_release(size_t mark)
{
    while (used > mark) {
        used--;
        ASAN_UNPOISON_MEMORY_REGION(buffers[used].base, buffers[used].bytes + 2 * GUARD);
        free(buffers[used].base);
    }
}
