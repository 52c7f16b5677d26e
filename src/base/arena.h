#ifndef LOCKSTEP_BASE_ARENA_H
#define LOCKSTEP_BASE_ARENA_H

#include <stddef.h>

/*
 * One block of memory, planned, allocated and touched before the first step; pieces are handed out from its front and
 * all freed together. Pieces are aligned to 64 bytes and start as zeros. Under AddressSanitizer a poisoned gap follows
 * each piece, so that an overrun inside the arena is caught.
 *
 * Planning and using share their code: on an arena made by arena_plan, arena_alloc returns NULL and only counts.
 */
typedef struct arena {
    unsigned char *base; /* owned; NULL while planning */
    size_t size;         /* bytes in base */
    size_t used;         /* bytes handed out, or asked for while planning */
} arena;

/* An arena that only counts. */
arena arena_plan(void);

/* Allocate and touch `size` bytes. Returns 0 or LS_ENOMEM. */
int arena_init(arena *out, size_t size);

/* A piece of count * size bytes; never fails when the plan asked for the same pieces. NULL while planning. */
void *arena_alloc(arena *a, size_t count, size_t size);

/* Take all pieces back: those that are handed out from now on start as zeros again. */
void arena_reset(arena *a);

/* Free everything. */
void arena_release(arena *a);

#endif
