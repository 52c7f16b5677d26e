#include "data/window.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { MOST = 1 << 20 };

struct window {
    h5_held *held;
    pthread_mutex_t lock;
    size_t start, size; /* what of the array is in `bytes` */
    uint8_t bytes[MOST];
};

int window_create(window **out, h5_held *held)
{
    *out = malloc(sizeof **out);
    if (*out == NULL) {
        return error_set(LS_ENOMEM, "data: no memory to read pictures into");
    }
    (*out)->held = held;
    (*out)->start = (*out)->size = 0;
    (void)pthread_mutex_init(&(*out)->lock, NULL);
    return LS_OK;
}

/* Under the lock: whether it holds all of this. */
static bool holds(const window *w, size_t start, size_t size)
{
    return start >= w->start && size <= w->size && start - w->start <= w->size - size;
}

/* Under the lock. */
static int refill(window *w, size_t start, size_t run)
{
    const size_t size = run < MOST ? run : MOST;
    w->size = 0;
    const int code = h5_read_held(w->held, start, size, w->bytes);
    if (code == LS_OK) {
        w->start = start;
        w->size = size;
    }
    return code;
}

int window_read(window *w, size_t start, size_t size, size_t run, uint8_t *out)
{
    (void)pthread_mutex_lock(&w->lock);
    bool found = holds(w, start, size);
    if (!found && run > size && size <= MOST) {
        found = refill(w, start, run) == LS_OK;
    }
    if (found) {
        memcpy(out, w->bytes + (start - w->start), size);
    }
    (void)pthread_mutex_unlock(&w->lock);
    /* Also where a run could not be read: what is wrong with it may lie further on. */
    return found ? LS_OK : h5_read_held(w->held, start, size, out);
}

void window_free(window *w)
{
    if (w != NULL) {
        (void)pthread_mutex_destroy(&w->lock);
        free(w);
    }
}
