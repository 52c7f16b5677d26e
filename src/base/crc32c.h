#ifndef LOCKSTEP_BASE_CRC32C_H
#define LOCKSTEP_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32C (Castagnoli; RFC 3720, section 12.1) of n bytes: 0xe3069283 of "123456789". */
uint32_t crc32c(const void *bytes, size_t n);

/* As TFRecord files store it: turned by 15 bits and moved, so that a record of a checksum is not one of its own. */
uint32_t crc32c_masked(const void *bytes, size_t n);

#endif
