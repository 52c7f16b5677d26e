#include "data/resize.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"

/* The taps of one direction: output i is the sum over t < count of weights[i * taps + t] * source[first + t]. */
typedef struct filter {
    resize_kernel kernel;
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

/* How far a kernel reaches where nothing shrinks. */
static double radius_of(resize_kernel kernel)
{
    return kernel == RESIZE_CUBIC ? 2 : 1;
}

/* Most taps that an output can have. */
static size_t taps_of(resize_kernel kernel, double length, size_t n)
{
    return kernel == RESIZE_NEAREST ? 1 : 2 * (size_t)ceil(radius_of(kernel) * stretch_of(length, n)) + 1;
}

/* A triangle, or the cubic polynomials of Keys with a = -1/2. */
static double weight_of(resize_kernel kernel, double away)
{
    if (kernel != RESIZE_CUBIC) {
        return away < 1 ? 1 - away : 0;
    }
    if (away < 1) {
        return (1.5 * away - 2.5) * away * away + 1;
    }
    return away < 2 ? ((-0.5 * away + 2.5) * away - 4) * away + 2 : 0;
}

/* A part of the source along one direction, and what of it may be looked at: [low, end). */
typedef struct stretch {
    double start, length;
    size_t low, end;
} stretch;

static void fill_filter(filter *f, stretch part, size_t n)
{
    const double factor = part.length / (double)n;
    const double shrink = stretch_of(part.length, n);
    const double reach = radius_of(f->kernel) * shrink;
    for (size_t i = 0; i < n; i++) {
        const double centre = part.start + ((double)i + 0.5) * factor;
        const bool nearest = f->kernel == RESIZE_NEAREST;
        const double low = nearest ? floor(centre) : floor(centre - reach + 0.5);
        const double high = nearest ? low + 1 : floor(centre + reach + 0.5);
        size_t first = low > (double)part.low ? (size_t)low : part.low;
        size_t end = high > 0 ? (size_t)high : 0;
        first = first < part.end ? first : part.end - 1;
        end = end > part.end ? part.end : end;
        end = end > first ? end : first + 1;
        end = end - first > f->taps ? first + f->taps : end;
        real *weights = f->weights + i * f->taps;
        double sum = 0;
        for (size_t t = 0; t < end - first; t++) {
            sum += weight_of(f->kernel, fabs((double)(first + t) + 0.5 - centre) / shrink);
        }
        for (size_t t = 0; t < end - first; t++) {
            const double weight = weight_of(f->kernel, fabs((double)(first + t) + 0.5 - centre) / shrink);
            weights[t] = sum > 0 ? (real)(weight / sum) : (real)(t == 0);
        }
        f->spans[2 * i] = first;
        f->spans[2 * i + 1] = end - first;
    }
}

/* What a direction's filter may look at: the whole source, or the pixels that a box touches. */
static stretch stretch_within(double start, double length, size_t source, bool alone)
{
    stretch part = {.start = start, .length = length, .low = 0, .end = source};
    if (alone) {
        const size_t low = (size_t)start;
        const size_t end = (size_t)ceil(start + length);
        part.low = low < source ? low : source - 1;
        part.end = end < source ? end : source;
        part.end = part.end > part.low ? part.end : part.low + 1;
    }
    return part;
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

/* Cubic weights are negative at their ends, so a sum may lie outside the range. */
static void clamp(real *values, size_t n, real low, real high)
{
    for (size_t i = 0; i < n; i++) {
        values[i] = values[i] < low ? low : values[i] > high ? high : values[i];
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
        real *const line = h->lines + (h->end - h->first) * n;
        resize_line(line, width, in->pixels + h->end * in->width * 3, across, mirror);
        if (across->kernel == RESIZE_CUBIC) {
            clamp(line, n, 0, 255); /* as programs that keep 8 bits between the directions */
        }
    }
    return h->lines + (first - h->first) * n;
}

int resize_cut_out(real *out, size_t width, size_t height, const image *in, const resize_cut *cut, resize_scale scale,
                   resize_space *space)
{
    const resize_box box = cut->box;
    filter across = {.kernel = cut->kernel, .taps = taps_of(cut->kernel, box.width, width)};
    filter down = {.kernel = cut->kernel, .taps = taps_of(cut->kernel, box.height, height)};
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
    fill_filter(&across, stretch_within(box.x, box.width, in->width, cut->alone), width);
    fill_filter(&down, stretch_within(box.y, box.height, in->height, cut->alone), height);

    held_lines held = {.lines = across.weights + weights, .room = room, .first = down.spans[0], .end = down.spans[0]};
    for (size_t y = 0; y < height; y++) {
        const size_t first = down.spans[2 * y];
        const size_t count = down.spans[2 * y + 1];
        const real *from = hold_lines(&held, first, first + count, width, in, &across, cut->mirror);
        blend_lines(out + y * n, n, from, down.weights + y * down.taps, count, scale);
    }
    if (cut->kernel == RESIZE_CUBIC) {
        clamp(out, height * n, scale == RESIZE_SIGNED ? -1 : 0, 1);
    }
    return LS_OK;
}

int resize_picture(real *out, size_t width, size_t height, const image *in, resize_box box, bool mirror,
                   resize_scale scale, resize_space *space)
{
    const resize_cut cut = {.box = box, .mirror = mirror, .kernel = RESIZE_LINEAR};
    return resize_cut_out(out, width, height, in, &cut, scale, space);
}

void resize_space_release(resize_space *space)
{
    free(space->block);
    *space = (resize_space){0};
}
