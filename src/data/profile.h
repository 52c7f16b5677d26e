#ifndef LOCKSTEP_DATA_PROFILE_H
#define LOCKSTEP_DATA_PROFILE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Colour profiles (ISO 15076-1) in picture files. Decoding does not apply them; this is for telling how many pictures
 * of a data set have one that would make a difference.
 */
typedef enum profile_kind {
    PROFILE_NONE,
    PROFILE_SRGB,  /* by its description */
    PROFILE_OTHER, /* a wider gamut, another gamma, gray, ink */
} profile_kind;

/*
 * Of a JPEG, PNG or WebP file; others are not looked into, PROFILE_NONE. What is damaged is none. The profile is not
 * checked: only its description is read.
 */
profile_kind profile_of(const uint8_t *bytes, size_t size);

/* Of a profile itself, or the beginning of one. */
profile_kind profile_of_icc(const uint8_t *icc, size_t size);

#endif
