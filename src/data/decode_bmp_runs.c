#include <string.h>

#include "base/error.h"
#include "data/decode_bmp_private.h"

/* What stands where the length of a run would be 0. More is the number of pixels that follow one by one. */
enum { END_OF_LINE = 0, END_OF_PICTURE = 1, MOVE = 2 };

typedef struct pen {
    bmp *b;
    image *out;
    size_t at; /* in the file */
    size_t x, y;
} pen;

static int ends_early(void)
{
    return error_set(LS_EFORMAT, "damaged BMP: it ends early");
}

static bool has(const pen *p, size_t bytes)
{
    return bytes <= p->b->size - p->at;
}

/* Pixels past the end of a line are not drawn. */
static void put(pen *p, unsigned index)
{
    if (p->x < p->b->width && p->y < p->b->height) {
        bmp_put(p->b, bmp_line(p->b, p->out, p->y) + 3 * p->x, index);
        p->x++;
    }
}

/* The pixel number i of bytes that hold one or two pixels each. */
static unsigned index_in(const pen *p, const uint8_t *bytes, size_t i)
{
    return p->b->bits == 8 ? bytes[i] : i % 2 == 0 ? bytes[i / 2] >> 4 : bytes[i / 2] & 15u;
}

/* A run alternates between the two pixels of its byte. */
static void put_run(pen *p, size_t count, const uint8_t *byte)
{
    for (size_t i = 0; i < count; i++) {
        put(p, index_in(p, byte, p->b->bits == 8 ? 0 : i % 2));
    }
}

static int put_each(pen *p, size_t count)
{
    const size_t bytes = p->b->bits == 8 ? count : (count + 1) / 2;
    if (!has(p, bytes)) {
        return ends_early();
    }
    for (size_t i = 0; i < count; i++) {
        put(p, index_in(p, p->b->bytes + p->at, i));
    }
    p->at += bytes;
    p->at += bytes % 2 != 0 && has(p, 1); /* what follows begins at an even place */
    return LS_OK;
}

static int follow(pen *p, unsigned code)
{
    if (code > MOVE) {
        return put_each(p, code);
    }
    if (code == END_OF_LINE) {
        p->x = 0;
        p->y++;
        return LS_OK;
    }
    if (code == MOVE) {
        if (!has(p, 2)) {
            return ends_early();
        }
        p->x += p->b->bytes[p->at];
        p->y += p->b->bytes[p->at + 1];
        p->at += 2;
    }
    return LS_OK;
}

/* What is passed over has the palette's first colour. */
static void fill(bmp *b, image *out)
{
    uint8_t first[3] = {0};
    if (b->colours > 0) {
        bmp_put(b, first, 0);
    }
    for (size_t i = 0; i < b->width * b->height; i++) {
        memcpy(out->pixels + 3 * i, first, 3);
    }
}

int bmp_draw_runs(bmp *b, image *out)
{
    pen p = {.b = b, .out = out, .at = b->pixels};
    fill(b, out);
    while (p.y < b->height) {
        const bool is_last = p.y == b->height - 1 && p.x >= b->width; /* the mark of the end may be missing */
        if (!has(&p, 2)) {
            return is_last ? LS_OK : ends_early();
        }
        const uint8_t *pair = b->bytes + p.at;
        p.at += 2;
        if (pair[0] > 0) {
            put_run(&p, pair[0], pair + 1);
            continue;
        }
        if (pair[1] == END_OF_PICTURE) {
            return LS_OK;
        }
        const int code = follow(&p, pair[1]);
        if (code != LS_OK) {
            return code;
        }
    }
    return LS_OK;
}
