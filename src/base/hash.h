#ifndef LOCKSTEP_BASE_HASH_H
#define LOCKSTEP_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/*
 * A 64-bit hash of bytes, for telling whether two states have the same bits and whether a file was damaged. FNV-1a
 * over 8-byte little-endian words (the last padded with zeros), the length mixed in at the end. Not cryptographic.
 */
#define HASH_START UINT64_C(0xcbf29ce484222325)

/* Continue `hash` (HASH_START for a new one) over n bytes. */
uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t n);

#endif
