#include "base/hash.h"

#include <string.h>

static uint64_t hash_word(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x100000001b3);
    return hash ^ (hash >> 29); /* FNV alone never moves a high bit down */
}

uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    const size_t whole = n / 8;
    uint64_t word = 0;
    for (size_t i = 0; i < whole; i++) {
        memcpy(&word, p + 8 * i, 8);
        hash = hash_word(hash, word);
    }
    if (n % 8 != 0) {
        word = 0;
        memcpy(&word, p + 8 * whole, n % 8);
        hash = hash_word(hash, word);
    }
    return hash_word(hash, n);
}
