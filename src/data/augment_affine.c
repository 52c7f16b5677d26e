#include "data/augment_affine.h"

#include <string.h>

#include "base/elementary.h"

/* Where a pixel's centre comes from: x' = xx·x + xy·y + x0 and the like, measured from the middle of the picture. */
typedef struct origin_map {
    double xx, xy, x0;
    double yx, yy, y0;
} origin_map;

/* The nearest whole number, the even one of two: beyond this constant doubles have no digits behind the point. */
static double nearest(double v)
{
    const double large = 0x1.8p52;
    return (v + large) - large;
}

static void copy_pixel(uint8_t *out, const image *in, double x, double y)
{
    if (x >= 0 && y >= 0 && x < (double)in->width && y < (double)in->height) {
        memcpy(out, in->pixels + ((size_t)y * in->width + (size_t)x) * 3, 3);
    } else {
        memset(out, 0, 3);
    }
}

static void map_picture(image *out, const image *in, const origin_map *m)
{
    const double right = ((double)in->width - 1) / 2;
    const double down = ((double)in->height - 1) / 2;
    for (size_t y = 0; y < in->height; y++) {
        const double from_middle = (double)y - down;
        const double x0 = m->xy * from_middle + m->x0 + right;
        const double y0 = m->yy * from_middle + m->y0 + down;
        for (size_t x = 0; x < in->width; x++) {
            const double across = (double)x - right;
            copy_pixel(out->pixels + (y * in->width + x) * 3, in, nearest(m->xx * across + x0),
                       nearest(m->yx * across + y0));
        }
    }
}

void augment_shear_x(image *out, const image *in, double slope)
{
    const origin_map m = {.xx = 1, .xy = slope, .x0 = slope * (double)in->height / 2, .yy = 1};
    map_picture(out, in, &m);
}

void augment_shear_y(image *out, const image *in, double slope)
{
    const origin_map m = {.xx = 1, .yx = slope, .yy = 1, .y0 = slope * (double)in->width / 2};
    map_picture(out, in, &m);
}

void augment_translate(image *out, const image *in, int right, int down)
{
    const origin_map m = {.xx = 1, .x0 = -right, .yy = 1, .y0 = -down};
    map_picture(out, in, &m);
}

void augment_rotate(image *out, const image *in, double degrees)
{
    const double cosine = elementary_cos_pi(degrees / 180);
    const double sine = elementary_sin_pi(degrees / 180);
    const origin_map m = {.xx = cosine, .xy = -sine, .yx = sine, .yy = cosine};
    map_picture(out, in, &m);
}
