#include "data/likeness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "base/elementary.h"
#include "base/error.h"

enum { SIDE = LIKENESS_SIDE, LOW = LIKENESS_LOW, BITS = LOW * LOW - 1, GRAY = 256 };

#define LEAST_AMPLITUDE 0.1 /* in grey levels */

/* What one of SIDE equal parts of a length has of the length's places: their weights, in 1/SIDE of a place. */
typedef struct part_of {
    size_t first, last;                 /* both are of it; those between them with the weight SIDE */
    uint16_t first_weight, last_weight; /* the last one's is 0 where it is the first */
} part_of;

static part_of find_part(size_t length, size_t number)
{
    const size_t begin = number * length; /* in these units */
    const size_t end = begin + length;
    part_of p = {.first = begin / SIDE, .last = (end - 1) / SIDE};
    const size_t first_end = (p.first + 1) * SIDE < end ? (p.first + 1) * SIDE : end;
    p.first_weight = (uint16_t)(first_end - begin);
    p.last_weight = p.last > p.first ? (uint16_t)(end - p.last * SIDE) : 0;
    return p;
}

/* The sum of a strip of rows, column by column: n values a row. */
CLONED static void add_rows(uint32_t *columns, const uint8_t *pixels, size_t n, size_t height, size_t strip)
{
    const part_of p = find_part(height, strip);
    const uint8_t *first = pixels + p.first * n;
    const uint8_t *last = pixels + p.last * n;
    memset(columns, 0, n * sizeof *columns);
    size_t y = p.first + 1;
    for (; y + 3 < p.last; y += 4) { /* so that sums of 16 bits do for most */
        const uint8_t *row = pixels + y * n;
        for (size_t i = 0; i < n; i++) {
            columns[i] += (uint16_t)(row[i] + row[n + i] + row[2 * n + i] + row[3 * n + i]);
        }
    }
    for (; y < p.last; y++) {
        const uint8_t *row = pixels + y * n;
        for (size_t i = 0; i < n; i++) {
            columns[i] += row[i];
        }
    }
    for (size_t i = 0; i < n; i++) {
        columns[i] = SIDE * columns[i] + (uint16_t)(p.first_weight * first[i] + p.last_weight * last[i]);
    }
}

/* GRAY times the brightness of a pixel, or of a sum of them. */
static uint64_t brightness(const uint64_t *at, size_t channels)
{
    return channels == 1 ? GRAY * at[0] : 77 * at[0] + 150 * at[1] + 29 * at[2];
}

static double mean_of(const uint32_t *columns, size_t width, size_t height, size_t channels, size_t number)
{
    uint64_t sum[3] = {0};
    const part_of p = find_part(width, number);
    for (size_t x = p.first + 1; x < p.last; x++) {
        for (size_t c = 0; c < channels; c++) {
            sum[c] += columns[x * channels + c];
        }
    }
    for (size_t c = 0; c < channels; c++) {
        sum[c] = SIDE * sum[c] + (uint64_t)p.first_weight * columns[p.first * channels + c] +
                 (uint64_t)p.last_weight * columns[p.last * channels + c];
    }
    return (double)brightness(sum, channels) / ((double)GRAY * (double)width * (double)height);
}

/* Where a mean of the stored picture is to be seen (data/orientation.h). */
static double *place_of(double *plane, int orientation, size_t row, size_t column)
{
    const bool from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    const size_t r = from_bottom ? SIDE - 1 - row : row;
    const size_t c = from_right ? SIDE - 1 - column : column;
    return orientation < 5 ? &plane[r * SIDE + c] : &plane[c * SIDE + r];
}

static void make_cosines(likeness_space *s)
{
    for (size_t u = 0; u < LOW && !s->ready; u++) {
        for (size_t i = 0; i < SIDE; i++) {
            s->cosines[u][i] = elementary_cos_pi((double)((2 * i + 1) * u) / (2 * SIDE));
        }
    }
    s->ready = true;
}

static void transform(double *out, const double *plane, const double (*cosines)[SIDE])
{
    double rows[LOW][SIDE] = {{0}};
    for (size_t u = 0; u < LOW; u++) {
        for (size_t i = 0; i < SIDE; i++) {
            for (size_t x = 0; x < SIDE; x++) {
                rows[u][x] += cosines[u][i] * plane[i * SIDE + x];
            }
        }
    }
    for (size_t u = 0; u < LOW; u++) {
        for (size_t v = 0; v < LOW; v++) {
            double sum = 0;
            for (size_t x = 0; x < SIDE; x++) {
                sum += rows[u][x] * cosines[v][x];
            }
            out[u * LOW + v] = sum * 4 / (SIDE * SIDE); /* an amplitude, but for the first row and column */
        }
    }
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static uint64_t bits_of(const double *coefficients)
{
    double sorted[BITS];
    size_t large = 0;
    uint64_t bits = 1; /* so that none is 0 */
    for (size_t i = 0; i < BITS; i++) {
        sorted[i] = coefficients[i + 1];
        large += fabs(sorted[i]) > LEAST_AMPLITUDE;
    }
    qsort(sorted, BITS, sizeof *sorted, compare);
    for (size_t i = 0; i < BITS; i++) {
        bits = bits << 1 | (coefficients[i + 1] > sorted[BITS / 2]);
    }
    return 2 * large > BITS ? bits : 0;
}

static int reserve(likeness_space *s, size_t n)
{
    if (n > s->capacity) {
        uint32_t *fresh = malloc(n * sizeof *fresh);
        if (fresh == NULL) {
            return error_set(LS_ENOMEM, "no memory for a line of %zu values", n);
        }
        free(s->columns);
        s->columns = fresh;
        s->capacity = n;
    }
    return LS_OK;
}

int likeness_of(uint64_t *out, const uint8_t *pixels, size_t width, size_t height, size_t channels, int orientation,
                likeness_space *space)
{
    double plane[SIDE * SIDE];
    double coefficients[LOW * LOW];
    *out = 0;
    if (width < SIDE || height < SIDE) {
        return LS_OK;
    }
    const int code = reserve(space, width * channels);
    if (code != LS_OK) {
        return code;
    }
    for (size_t r = 0; r < SIDE; r++) {
        add_rows(space->columns, pixels, width * channels, height, r);
        for (size_t c = 0; c < SIDE; c++) {
            *place_of(plane, orientation, r, c) = mean_of(space->columns, width, height, channels, c);
        }
    }
    make_cosines(space);
    transform(coefficients, plane, (const double(*)[SIDE])space->cosines);
    *out = bits_of(coefficients);
    return LS_OK;
}

void likeness_space_release(likeness_space *s)
{
    free(s->columns);
    *s = (likeness_space){0};
}
