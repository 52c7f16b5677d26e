#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "data/decode_bmp_private.h"

/*
 * Bitmaps of Windows and OS/2 (Microsoft, "Bitmap Storage"): headers of all versions, 1, 2, 4, 8, 16, 24 and 32 bits,
 * plain, packed as runs, or with masks of bits. A header of 12 bytes is OS/2's first; the fields of longer ones begin
 * alike. No library is needed for as little as this.
 */

enum { FILE_HEADER = 14, OLD_HEADER = 12, PLAIN_HEADER = 40, WITH_MASKS = 52, WITH_ALPHA = 56 };
enum { PLAIN, RUNS_8, RUNS_4, MASKS, JPEG_INSIDE, PNG_INSIDE, ALPHA_MASKS };

static uint32_t number_at(const uint8_t *bytes, size_t count)
{
    uint32_t value = 0;
    for (size_t i = count; i-- > 0;) {
        value = value << 8 | bytes[i];
    }
    return value;
}

static int ends_early(void)
{
    return error_set(LS_EFORMAT, "damaged BMP: it ends early");
}

uint8_t *bmp_line(const bmp *b, const image *out, size_t y)
{
    return out->pixels + (b->upright ? y : b->height - 1 - y) * b->width * 3;
}

void bmp_put(bmp *b, uint8_t *rgb, unsigned index)
{
    b->beyond = b->beyond || index >= b->colours;
    memcpy(rgb, b->palette[index], 3);
}

/* From the highest bit that is set to the lowest, all are; at most 16 of them, as more say nothing. */
static bool is_plain_mask(uint32_t mask)
{
    const uint32_t low = mask & (0u - mask);
    return mask == 0 || ((mask / low) & (mask / low + 1)) == 0;
}

static int read_masks(bmp *b, size_t header)
{
    static const uint32_t of_16[3] = {0x7c00, 0x03e0, 0x001f};
    static const uint32_t of_32[3] = {0xff0000, 0x00ff00, 0x0000ff};
    memcpy(b->masks, b->bits == 16 ? of_16 : of_32, sizeof of_16);
    if (b->compression != MASKS && b->compression != ALPHA_MASKS) {
        return LS_OK;
    }
    const size_t count = b->compression == ALPHA_MASKS || header >= WITH_ALPHA ? 4 : 3;
    if (b->size < FILE_HEADER + PLAIN_HEADER + 4 * count) {
        return ends_early();
    }
    for (size_t i = 0; i < count; i++) {
        b->masks[i] = number_at(b->bytes + FILE_HEADER + PLAIN_HEADER + 4 * i, 4);
        if (!is_plain_mask(b->masks[i]) || (i < 3 && b->masks[i] == 0)) {
            return error_set(LS_EFORMAT, "damaged BMP: the bits of a colour are %08x", (unsigned)b->masks[i]);
        }
    }
    return LS_OK;
}

/* Colours stand between the headers and the pixels; there may be fewer than are announced. */
static int read_palette(bmp *b, size_t header, size_t announced)
{
    const size_t each = header == OLD_HEADER ? 3 : 4;
    size_t start = FILE_HEADER + header;
    if (header == PLAIN_HEADER && b->compression == ALPHA_MASKS) {
        start += 16;
    }
    const size_t most = (size_t)1 << b->bits;
    const size_t wanted = announced == 0 || announced > most ? most : announced;
    const size_t end = b->pixels < b->size ? b->pixels : b->size;
    const size_t there = end > start ? (end - start) / each : 0;
    b->colours = wanted < there ? wanted : there;
    for (size_t i = 0; i < b->colours; i++) {
        const uint8_t *colour = b->bytes + start + i * each;
        b->palette[i][0] = colour[2];
        b->palette[i][1] = colour[1];
        b->palette[i][2] = colour[0];
    }
    return b->colours > 0 ? LS_OK : error_set(LS_EFORMAT, "damaged BMP: it has no palette");
}

static int check_kind(const bmp *b)
{
    static const unsigned bits[] = {1, 2, 4, 8, 16, 24, 32};
    bool known = false;
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
        known = known || b->bits == bits[i];
    }
    switch (b->compression) {
    case PLAIN: break;
    case RUNS_8: known = known && b->bits == 8; break;
    case RUNS_4: known = known && b->bits == 4; break;
    case MASKS:
    case ALPHA_MASKS: known = known && (b->bits == 16 || b->bits == 32); break;
    default: known = false;
    }
    return known ? LS_OK
                 : error_set(LS_EFORMAT, "a BMP of an unknown kind (%u bits, compression %u)", b->bits, b->compression);
}

/* A negative height says that the first line is the upper one. */
static void read_size(bmp *b, const uint8_t *fields, bool old)
{
    const uint32_t height = old ? number_at(fields + 6, 2) : number_at(fields + 8, 4);
    b->width = old ? number_at(fields + 4, 2) : number_at(fields + 4, 4);
    b->upright = !old && height > 0x7fffffff;
    b->height = b->upright ? 0u - height : height;
}

static int read_headers(bmp *b)
{
    if (b->size < FILE_HEADER + 4) {
        return ends_early();
    }
    const uint8_t *fields = b->bytes + FILE_HEADER;
    const size_t header = number_at(fields, 4);
    const bool old = header == OLD_HEADER;
    if (header > b->size - FILE_HEADER) {
        return ends_early();
    }
    if (!old && header < 16) {
        return error_set(LS_EFORMAT, "a BMP of an unknown kind (a header of %zu bytes)", header);
    }
    b->pixels = number_at(b->bytes + 10, 4);
    read_size(b, fields, old);
    b->bits = number_at(fields + (old ? 10 : 14), 2);
    b->compression = header >= 20 ? number_at(fields + 16, 4) : PLAIN;
    int code = check_kind(b);
    if (code == LS_OK && b->bits <= 8) {
        code = read_palette(b, header, header >= 36 ? number_at(fields + 32, 4) : 0);
    } else if (code == LS_OK && b->bits != 24) {
        code = read_masks(b, header);
    }
    return code;
}

/* The bits of a mask as 0 to 255; without its remainder, as others do. */
static uint8_t part_of(uint32_t pixel, uint32_t mask)
{
    if (mask == 0) {
        return 255;
    }
    const uint32_t low = mask & (0u - mask);
    return (uint8_t)((uint64_t)((pixel & mask) / low) * 255 / (mask / low));
}

static void draw_masked(const bmp *b, uint8_t *out, const uint8_t *line, image_background background)
{
    const size_t bytes = b->bits / 8;
    for (size_t x = 0; x < b->width; x++) {
        const uint32_t pixel = number_at(line + x * bytes, bytes);
        uint8_t rgba[4];
        for (int c = 0; c < 4; c++) {
            rgba[c] = part_of(pixel, b->masks[c]);
        }
        image_lay(out + 3 * x, rgba, 1, background);
    }
}

static void draw_line(bmp *b, uint8_t *out, const uint8_t *line, image_background background)
{
    if (b->bits == 16 || b->bits == 32) {
        draw_masked(b, out, line, background);
        return;
    }
    for (size_t x = 0; x < b->width; x++) {
        if (b->bits == 24) {
            out[3 * x] = line[3 * x + 2];
            out[3 * x + 1] = line[3 * x + 1];
            out[3 * x + 2] = line[3 * x];
        } else {
            const size_t bit = x * b->bits;
            const unsigned down = 8 - b->bits - (unsigned)(bit % 8);
            bmp_put(b, out + 3 * x, (unsigned)line[bit / 8] >> down & ((1u << b->bits) - 1));
        }
    }
}

/* Lines take a multiple of four bytes, the last one perhaps without what fills it up. */
static int draw_lines(bmp *b, image *out)
{
    const size_t needed = (b->width * b->bits + 7) / 8;
    const size_t each = (needed + 3) / 4 * 4;
    if (b->pixels > b->size || b->size - b->pixels < each * (b->height - 1) + needed) {
        return ends_early();
    }
    const int code = image_reserve(out, b->width, b->height);
    for (size_t y = 0; code == LS_OK && y < b->height; y++) {
        draw_line(b, bmp_line(b, out, y), b->bytes + b->pixels + y * each, out->background);
    }
    return code;
}

int decode_bmp(image *out, const uint8_t *bytes, size_t size)
{
    bmp b = {.bytes = bytes, .size = size};
    int code = read_headers(&b);
    if (code == LS_OK) {
        code = image_check_size(b.width, b.height);
    }
    if (code != LS_OK) {
        return code;
    }
    if (b.compression == RUNS_8 || b.compression == RUNS_4) {
        code = b.pixels > size ? ends_early() : image_reserve(out, b.width, b.height);
        code = code == LS_OK ? bmp_draw_runs(&b, out) : code;
    } else {
        code = draw_lines(&b, out);
    }
    if (code == LS_OK && b.beyond) {
        (void)snprintf(out->note, sizeof out->note, "pixels of colours that its palette lacks are black");
    }
    return code;
}
