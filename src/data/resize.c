#include "data/resize.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"

/* The taps of one direction: output i is the sum over t < count of weights[i * taps + t] * source[first + t]. */
typedef struct filter {
    size_t taps; /* room for each output */
    real *weights;
    size_t *spans; /* [n][2]: first, count */
} filter;

resize_box resize_fit_box(resize_fit fit, size_t width, size_t height, size_t out_width, size_t out_height)
{
    const double w = (double)width;
    const double h = (double)height;
    resize_box box = {0, 0, w, h};
    if (fit == RESIZE_CROP) {
        const double aspect = (double)out_width / (double)out_height;
        if (w > h * aspect) {
            box.width = h * aspect;
            box.x = (w - box.width) / 2;
        } else {
            box.height = w / aspect;
            box.y = (h - box.height) / 2;
        }
    }
    return box;
}

static double stretch_of(double length, size_t n)
{
    const double factor = length / (double)n;
    return factor > 1 ? factor : 1;
}

/* Most taps that an output can have. */
static size_t taps_of(double length, size_t n)
{
    return 2 * (size_t)ceil(stretch_of(length, n)) + 1;
}

static void fill_filter(filter *f, double start, double length, size_t source, size_t n)
{
    const double factor = length / (double)n;
    const double reach = stretch_of(length, n);
    for (size_t i = 0; i < n; i++) {
        const double centre = start + ((double)i + 0.5) * factor;
        const double low = floor(centre - reach + 0.5);
        const double high = floor(centre + reach + 0.5);
        size_t first = low > 0 ? (size_t)low : 0;
        size_t end = high > 0 ? (size_t)high : 0;
        first = first < source ? first : source - 1;
        end = end > source ? source : end;
        end = end > first ? end : first + 1;
        end = end - first > f->taps ? first + f->taps : end;
        real *weights = f->weights + i * f->taps;
        double sum = 0;
        for (size_t t = 0; t < end - first; t++) {
            const double away = fabs((double)(first + t) + 0.5 - centre) / reach;
            sum += away < 1 ? 1 - away : 0;
        }
        for (size_t t = 0; t < end - first; t++) {
            const double away = fabs((double)(first + t) + 0.5 - centre) / reach;
            weights[t] = sum > 0 ? (real)((away < 1 ? 1 - away : 0) / sum) : (real)(t == 0);
        }
        f->spans[2 * i] = first;
        f->spans[2 * i + 1] = end - first;
    }
}

/* What was there is lost where it grows. */
static int reserve(resize_space *s, size_t bytes)
{
    if (s->bytes < bytes) {
        free(s->block);
        s->block = malloc(bytes);
        s->bytes = s->block == NULL ? 0 : bytes;
    }
    return s->block != NULL ? LS_OK : error_set(LS_ENOMEM, "no memory to resize a picture");
}

static void resize_line(real *out, size_t width, const uint8_t *in, const filter *f, bool mirror)
{
    for (size_t x = 0; x < width; x++) {
        const size_t count = f->spans[2 * x + 1];
        const real *weights = f->weights + x * f->taps;
        const uint8_t *from = in + 3 * f->spans[2 * x];
        real r = 0;
        real g = 0;
        real b = 0;
        for (size_t t = 0; t < count; t++) {
            r += weights[t] * (real)from[3 * t];
            g += weights[t] * (real)from[3 * t + 1];
            b += weights[t] * (real)from[3 * t + 2];
        }
        real *to = out + 3 * (mirror ? width - 1 - x : x);
        to[0] = r;
        to[1] = g;
        to[2] = b;
    }
}

/* One output line: `count` lines of n values weighted and summed, then brought to the input's range. */
static void blend_lines(real *out, size_t n, const real *lines, const real *weights, size_t count, resize_scale scale)
{
    const real unit = scale == RESIZE_SIGNED ? (real)127.5 : (real)255;
    const real zero = scale == RESIZE_SIGNED ? (real)1 : (real)0;
    for (size_t i = 0; i < n; i++) {
        out[i] = weights[0] * lines[i];
    }
    for (size_t t = 1; t < count; t++) {
        const real w = weights[t];
        const real *line = lines + t * n;
        for (size_t i = 0; i < n; i++) {
            out[i] += w * line[i];
        }
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = out[i] / unit - zero;
    }
}

/* Source lines [first, end), resized along x. */
typedef struct held_lines {
    real *lines;
    size_t room; /* for so many */
    size_t first, end;
} held_lines;

/*
 * Hold lines [first, end), which ascend from call to call, and forget those before them where there is no room. Returns
 * the first.
 */
static const real *hold_lines(held_lines *h, size_t first, size_t end, size_t width, const image *in,
                              const filter *across, bool mirror)
{
    const size_t n = 3 * width;
    if (end > h->first + h->room) {
        const size_t kept = h->end > first ? h->end - first : 0;
        if (kept > 0) {
            memmove(h->lines, h->lines + (first - h->first) * n, kept * n * sizeof *h->lines);
        }
        h->first = first;
        h->end = first + kept;
    }
    for (; h->end < end; h->end++) {
        resize_line(h->lines + (h->end - h->first) * n, width, in->pixels + h->end * in->width * 3, across, mirror);
    }
    return h->lines + (first - h->first) * n;
}

int resize_picture(real *out, size_t width, size_t height, const image *in, resize_box box, bool mirror,
                   resize_scale scale, resize_space *space)
{
    filter across = {.taps = taps_of(box.width, width)};
    filter down = {.taps = taps_of(box.height, height)};
    const size_t n = 3 * width;
    const size_t room = 2 * down.taps < in->height ? 2 * down.taps : in->height; /* each line is moved once at most */
    const size_t weights = across.taps * width + down.taps * height;
    const size_t spans = 2 * (width + height) * sizeof *across.spans;
    size_t bytes = 0;
    if (size_mul(&bytes, room, n) != 0 || size_add(&bytes, bytes, weights) != 0 ||
        size_mul(&bytes, bytes, sizeof(real)) != 0 || size_add(&bytes, bytes, spans) != 0) {
        return error_set(LS_ENOMEM, "no memory to resize a picture");
    }
    const int code = reserve(space, bytes);
    if (code != LS_OK) {
        return code;
    }
    across.spans = space->block;
    down.spans = across.spans + 2 * width;
    across.weights = (real *)(down.spans + 2 * height);
    down.weights = across.weights + across.taps * width;
    fill_filter(&across, box.x, box.width, in->width, width);
    fill_filter(&down, box.y, box.height, in->height, height);

    held_lines held = {.lines = across.weights + weights, .room = room, .first = down.spans[0], .end = down.spans[0]};
    for (size_t y = 0; y < height; y++) {
        const size_t first = down.spans[2 * y];
        const size_t count = down.spans[2 * y + 1];
        const real *from = hold_lines(&held, first, first + count, width, in, &across, mirror);
        blend_lines(out + y * n, n, from, down.weights + y * down.taps, count, scale);
    }
    return LS_OK;
}

void resize_space_release(resize_space *space)
{
    free(space->block);
    *space = (resize_space){0};
}
