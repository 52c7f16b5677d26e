#include "data/pack_store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "base/error.h"
#include "data/orientation.h"

bool pack_stores_pixels(const pack_storing *how)
{
    return how->pixels.height > 0;
}

static int reserve_values(pack_store_space *space, size_t n)
{
    if (space->capacity < n) {
        free(space->values);
        space->capacity = 0;
        space->values = malloc(n * sizeof *space->values);
        if (space->values == NULL) {
            return error_set(LS_ENOMEM, "no memory to resize a picture");
        }
        space->capacity = n;
    }
    return LS_OK;
}

/* `box` of a picture as width x height pixels, to `to` [height][width][3]. */
static int shrink(uint8_t *to, size_t width, size_t height, const image *in, resize_box box, pack_store_space *space)
{
    const size_t n = width * height * 3;
    int code = reserve_values(space, n);
    if (code == LS_OK) {
        code = resize_picture(space->values, width, height, in, box, false, RESIZE_UNIT, &space->resizing);
    }
    for (size_t i = 0; code == LS_OK && i < n; i++) {
        to[i] = (uint8_t)(space->values[i] * 255 + (real)0.5);
    }
    return code;
}

static int store_pixels(dataset_buffer *file, size_t *size, const image *in, const pack_storing *how,
                        pack_store_space *space)
{
    const dataset_pixels *p = &how->pixels;
    const resize_box box = resize_fit_box(how->fit, in->width, in->height, p->width, p->height);
    *size = dataset_pixels_size(p);
    const int code = dataset_buffer_reserve(file, *size, "a picture");
    return code == LS_OK ? shrink(file->bytes, p->width, p->height, in, box, space) : code;
}

static size_t scaled(size_t side, size_t short_side, size_t shortest)
{
    const double exact = (double)side * (double)short_side / (double)shortest;
    return exact < 1 ? 1 : (size_t)floor(exact + 0.5);
}

static int store_jpeg(dataset_buffer *file, size_t *size, const image *in, const pack_storing *how,
                      pack_store_space *space)
{
    const size_t shortest = in->width < in->height ? in->width : in->height;
    const size_t width = scaled(in->width, how->short_side, shortest);
    const size_t height = scaled(in->height, how->short_side, shortest);
    uint8_t *jpeg = NULL;
    int code = dataset_buffer_reserve(file, width * height * 3, "a picture");
    if (code == LS_OK) {
        code = shrink(file->bytes, width, height, in, (resize_box){0, 0, (double)in->width, (double)in->height}, space);
    }
    if (code == LS_OK) {
        code =
            image_encode_jpeg(&jpeg, size, file->bytes, width, height, how->quality > 0 ? how->quality : PACK_QUALITY);
    }
    if (code == LS_OK) {
        free(file->bytes);
        *file = (dataset_buffer){jpeg, *size};
    }
    return code;
}

int pack_store(dataset_buffer *file, size_t *size, bool *anew, image *decoded, const pack_storing *how,
               pack_store_space *space)
{
    const size_t shortest = decoded->width < decoded->height ? decoded->width : decoded->height;
    const bool pixels = pack_stores_pixels(how);
    *anew = pixels || (how->short_side > 0 && shortest > how->short_side);
    if (!*anew) {
        return LS_OK;
    }
    const int code = orientation_turn(decoded, &space->turned);
    if (code != LS_OK) {
        return code;
    }
    return pixels ? store_pixels(file, size, decoded, how, space) : store_jpeg(file, size, decoded, how, space);
}

/* Of each block, LANES bytes that are whole pixels, a run is added at once, each byte to a sum of its own. */
enum { RUN = 64, LANES = 3 * RUN, MOST_BLOCKS = 256 };

/*
 * Sums of so many blocks, and of their squares, by lane. Numbers of 16 bits, of which a register holds most: of squares
 * one holds the low bits of the sum, another the sum of all but the low 8 bits, from which the rest follows, as
 * MOST_BLOCKS times 255 fits into 16 bits.
 */
CLONED static void add_blocks(uint64_t sums[LANES], uint64_t squares[LANES], const uint8_t *bytes, size_t blocks)
{
    for (size_t from = 0; from < LANES; from += RUN) {
        uint16_t sum[RUN] = {0};
        uint16_t low[RUN] = {0};
        uint16_t high[RUN] = {0};
        for (size_t b = 0; b < blocks; b++) {
            for (size_t i = 0; i < RUN; i++) {
                const uint16_t value = bytes[b * LANES + from + i];
                const uint16_t square = (uint16_t)(value * value);
                sum[i] = (uint16_t)(sum[i] + value);
                low[i] = (uint16_t)(low[i] + square);
                high[i] = (uint16_t)(high[i] + (square >> 8));
            }
        }
        for (size_t i = 0; i < RUN; i++) {
            sums[from + i] += sum[i];
            squares[from + i] += (uint16_t)(low[i] - 256 * high[i]) + 256U * high[i];
        }
    }
}

void pack_measure(dataset_item *item, const image *picture)
{
    uint64_t sums[LANES] = {0};
    uint64_t squares[LANES] = {0};
    const size_t n = picture->width * picture->height;
    const size_t all = 3 * n / LANES;
    for (size_t done = 0; done < all; done += MOST_BLOCKS) {
        add_blocks(sums, squares, picture->pixels + done * LANES, all - done < MOST_BLOCKS ? all - done : MOST_BLOCKS);
    }
    for (size_t at = all * LANES; at < 3 * n; at++) {
        sums[at % 3] += picture->pixels[at];
        squares[at % 3] += (uint64_t)picture->pixels[at] * picture->pixels[at];
    }
    for (size_t i = 3; i < LANES; i++) {
        sums[i % 3] += sums[i];
        squares[i % 3] += squares[i];
    }
    item->measured = true;
    for (size_t c = 0; c < 3; c++) {
        item->mean[c] = (float)((double)sums[c] / (double)n / 255);
        item->square[c] = (float)((double)squares[c] / (double)n / (255 * 255));
    }
}

void pack_store_space_release(pack_store_space *space)
{
    image_release(&space->turned);
    free(space->values);
    resize_space_release(&space->resizing);
    *space = (pack_store_space){0};
}
