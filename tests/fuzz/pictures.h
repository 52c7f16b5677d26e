#ifndef LOCKSTEP_TESTS_FUZZ_PICTURES_H
#define LOCKSTEP_TESTS_FUZZ_PICTURES_H

#include <stddef.h>
#include <stdint.h>

/*
 * Small pictures of every kind that the decoders tell apart: JPEG gray, colour, CMYK, subsampled, progressive, with
 * restarts, arithmetic; PNG of each colour type, depth and interlacing, with alpha, palette and extra chunks. Picture
 * `number` into out [room]; returns its size, 0 past the last one.
 */
size_t pictures_make(size_t number, uint8_t *out, size_t room);

#endif
