#include "page/canvas.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/size.h"

int canvas_create(canvas *out, size_t width, size_t height, canvas_colour colour)
{
    size_t n = 0;
    *out = (canvas){.width = width, .height = height};
    if (width == 0 || height == 0 || size_mul(&n, width, height) != 0 || size_mul(&n, n, 3) != 0) {
        return error_set(LS_EUSAGE, "a picture of %zu x %zu pixels cannot be drawn", width, height);
    }
    out->pixels = malloc(n);
    if (out->pixels == NULL) {
        return error_set(LS_ENOMEM, "no memory for a picture of %zu x %zu pixels", width, height);
    }
    canvas_fill(out, 0, 0, width, height, colour);
    return LS_OK;
}

void canvas_release(canvas *c)
{
    free(c->pixels);
    *c = (canvas){0};
}

static void set(canvas *c, size_t x, size_t y, canvas_colour colour)
{
    if (x < c->width && y < c->height) {
        uint8_t *at = c->pixels + 3 * (y * c->width + x);
        at[0] = (uint8_t)(colour >> 16);
        at[1] = (uint8_t)(colour >> 8);
        at[2] = (uint8_t)colour;
    }
}

void canvas_fill(canvas *c, size_t x, size_t y, size_t width, size_t height, canvas_colour colour)
{
    for (size_t i = y; i < y + height && i < c->height; i++) {
        for (size_t k = x; k < x + width && k < c->width; k++) {
            set(c, k, i, colour);
        }
    }
}

void canvas_copy(canvas *c, size_t x, size_t y, const uint8_t *pixels, size_t width, size_t height, size_t scale)
{
    for (size_t i = 0; i < height; i++) {
        for (size_t k = 0; k < width; k++) {
            const uint8_t *from = pixels + 3 * (i * width + k);
            const canvas_colour colour = (canvas_colour)from[0] << 16 | (canvas_colour)from[1] << 8 | from[2];
            canvas_fill(c, x + k * scale, y + i * scale, scale, scale, colour);
        }
    }
}

void canvas_cross(canvas *c, size_t x, size_t y, size_t side, canvas_colour colour)
{
    for (size_t i = 0; i < side; i++) {
        set(c, x + i, y, colour);
        set(c, x + i, y + side - 1, colour);
        set(c, x, y + i, colour);
        set(c, x + side - 1, y + i, colour);
        set(c, x + i, y + i, colour);
        set(c, x + side - 1 - i, y + i, colour);
    }
}
