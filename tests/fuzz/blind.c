#include "blind.h"

#include <stddef.h>
#include <stdint.h>

uint64_t __real_hash_bytes(uint64_t hash, const void *bytes, size_t n);
uint64_t __wrap_hash_bytes(uint64_t hash, const void *bytes, size_t n);

static int is_blind = 1;

void blind_hashes(int blind)
{
    is_blind = blind;
}

uint64_t __wrap_hash_bytes(uint64_t hash, const void *bytes, size_t n)
{
    static volatile uint64_t read;
    read = __real_hash_bytes(hash, bytes, n);
    return is_blind ? UINT64_C(0x1234567890abcdef) : read;
}
