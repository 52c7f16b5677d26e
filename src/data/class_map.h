#ifndef LOCKSTEP_DATA_CLASS_MAP_H
#define LOCKSTEP_DATA_CLASS_MAP_H

#include <stddef.h>
#include <stdint.h>

/* out[n]: where each of n names stands among `count` others, which differ from each other; -1: nowhere. LS_ENOMEM. */
int class_map_find(int32_t *out, const char *const *names, size_t n, const char *const *others, size_t count);

#endif
