#ifndef LOCKSTEP_TESTS_FUZZ_PICTURES_MORE_H
#define LOCKSTEP_TESTS_FUZZ_PICTURES_MORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Pictures of kinds other than JPEG and PNG: BMP, and what this build has libraries for. */

enum { MORE_WIDTH = 19, MORE_HEIGHT = 18 };

/* What is known of one that was made without loss. */
typedef struct more_about {
    bool exact;   /* its pixels are those of more_colours, else near them or only part of them */
    bool palette; /* its colours are those of more_index */
    bool clear;   /* some of its pixels are transparent */
    const char *note;
} more_about;

/* Picture `number` into out [room]; returns its size, 0 past the last one or where a library cannot write it. */
size_t more_make(size_t number, uint8_t *out, size_t room, more_about *about);
size_t more_count(void);

/* Red, green, blue and alpha of a pixel; or its index in a palette, and the palette's colours. */
void more_colours(uint8_t rgba[4], size_t x, size_t y);
unsigned more_index(size_t x, size_t y);
void more_palette(uint8_t rgb[3], unsigned index);

#endif
