#include "data/likeness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "base/elementary.h"
#include "base/error.h"

enum { SIDE = LIKENESS_SIDE, LOW = LIKENESS_LOW, BITS = LOW * LOW - 1, GRAY = 256 };

enum { RUN = 64, ROWS = 16 }; /* values and rows that are added at once; so many streams a processor reads ahead */

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

CLONED static void start_columns(uint32_t *restrict columns, const uint8_t *restrict pixels, size_t n, part_of p)
{
    const uint8_t *first = pixels + p.first * n;
    const uint8_t *last = pixels + p.last * n;
    for (size_t i = 0; i < n; i++) {
        columns[i] = (uint16_t)(p.first_weight * first[i] + p.last_weight * last[i]);
    }
}

/* At most 256 rows, so that sums of 16 bits do. */
CLONED static void add_whole_rows(uint32_t *restrict columns, const uint8_t *restrict rows, size_t n, size_t count)
{
    size_t x = 0;
    for (; x + RUN <= n; x += RUN) {
        uint16_t sum[RUN] = {0};
        for (size_t y = 0; y < count; y++) {
            for (size_t i = 0; i < RUN; i++) {
                sum[i] = (uint16_t)(sum[i] + rows[y * n + x + i]);
            }
        }
        for (size_t i = 0; i < RUN; i++) {
            columns[x + i] += (uint32_t)SIDE * sum[i];
        }
    }
    for (size_t y = 0; y < count; y++) {
        for (size_t i = x; i < n; i++) {
            columns[i] += (uint32_t)SIDE * rows[y * n + i];
        }
    }
}

/* The sum of a part of the rows, of n values each, column by column, in 1/SIDE of a value. */
static void add_rows(uint32_t *columns, const uint8_t *pixels, size_t n, part_of p)
{
    start_columns(columns, pixels, n, p);
    for (size_t y = p.first + 1; y < p.last; y += ROWS) {
        add_whole_rows(columns, pixels + y * n, n, p.last - y < ROWS ? p.last - y : ROWS);
    }
}

/* GRAY times the brightness, which fits into 32 bits, as a side is at most IMAGE_MAX_SIDE. */
CLONED static void add_channels(uint32_t *restrict line, const uint32_t *restrict columns, size_t width)
{
    for (size_t x = 0; x < width; x++) {
        line[x] = 77 * columns[3 * x] + 150 * columns[3 * x + 1] + 29 * columns[3 * x + 2];
    }
}

static double mean_of(const uint32_t *line, size_t width, size_t height, size_t number)
{
    uint64_t sum = 0;
    const part_of p = find_part(width, number);
    for (size_t x = p.first + 1; x < p.last; x++) {
        sum += line[x];
    }
    sum = SIDE * sum + (uint64_t)p.first_weight * line[p.first] + (uint64_t)p.last_weight * line[p.last];
    return (double)sum / ((double)GRAY * (double)width * (double)height);
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

CLONED static void transform(double *out, const double *plane, const double (*cosines)[SIDE])
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

/* The median of BITS numbers, without branches that depend on them. */
CLONED static double median_of(const double *numbers)
{
    for (size_t i = 0; i < BITS; i++) {
        int64_t below = 0;
        int64_t above = 0;
        for (size_t k = 0; k < BITS; k++) {
            below += numbers[k] < numbers[i];
            above += numbers[k] > numbers[i];
        }
        if (below <= BITS / 2 && above <= BITS / 2) {
            return numbers[i];
        }
    }
    return numbers[0]; /* not reached but with NaN */
}

static uint64_t bits_of(const double *coefficients)
{
    size_t large = 0;
    uint64_t bits = 1; /* so that none is 0 */
    const double median = median_of(coefficients + 1);
    for (size_t i = 1; i <= BITS; i++) {
        large += fabs(coefficients[i]) > LEAST_AMPLITUDE;
        bits = bits << 1 | (coefficients[i] > median);
    }
    return 2 * large > BITS ? bits : 0;
}

static int reserve(likeness_space *s, size_t width)
{
    const size_t n = 4 * width;
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

int likeness_of(uint64_t *out, const uint8_t *pixels, size_t width, size_t height, int orientation,
                likeness_space *space)
{
    double plane[SIDE * SIDE];
    double coefficients[LOW * LOW];
    *out = 0;
    if (width < SIDE || height < SIDE) {
        return LS_OK;
    }
    const int code = reserve(space, width);
    if (code != LS_OK) {
        return code;
    }
    uint32_t *line = space->columns + 3 * width;
    for (size_t r = 0; r < SIDE; r++) {
        add_rows(space->columns, pixels, 3 * width, find_part(height, r));
        add_channels(line, space->columns, width);
        for (size_t c = 0; c < SIDE; c++) {
            *place_of(plane, orientation, r, c) = mean_of(line, width, height, c);
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
