#ifndef LOCKSTEP_BASE_EXTENT_H
#define LOCKSTEP_BASE_EXTENT_H

#include <stddef.h>

/* Elements [first, end) of a vector. */
typedef struct extent {
    size_t first, end;
} extent;

#endif
