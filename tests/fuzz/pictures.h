#ifndef LOCKSTEP_TESTS_FUZZ_PICTURES_H
#define LOCKSTEP_TESTS_FUZZ_PICTURES_H

#include <stddef.h>
#include <stdint.h>

/*
 * Small pictures of every kind that the decoders tell apart: JPEG gray, colour, CMYK, subsampled, in one scan, in one
 * for each component and progressive, with restarts, arithmetic; PNG of each colour type, depth and interlacing, with
 * alpha, palette and extra chunks; both with an orientation tag; then those of pictures_more.h. Picture `number` into
 * out [room]; returns its size, 0 past the last one.
 */
size_t pictures_make(size_t number, uint8_t *out, size_t room);

#endif
