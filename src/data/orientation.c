#include "data/orientation.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"

/* Of a TIFF file: sizes of its parts, the tag, and the types of whole numbers. */
enum { HEADER = 8, ENTRY = 12, TAG_ORIENTATION = 0x0112 };
enum { BYTE = 1, SHORT = 3, LONG = 4, SIGNED_BYTE = 6, SIGNED_SHORT = 8, SIGNED_LONG = 9 };

typedef struct block {
    const uint8_t *bytes;
    size_t size;
    bool big; /* the most significant byte first */
} block;

/* `count` bytes from `at` on, which lie within the block, as a number. */
static uint32_t number(const block *b, size_t at, size_t count)
{
    uint32_t value = 0;
    for (size_t i = 0; i < count; i++) {
        value = value << 8 | b->bytes[at + (b->big ? i : count - 1 - i)];
    }
    return value;
}

/* The value of a directory's entry; 0 where it is not one whole number. */
static uint32_t value_of(const block *b, size_t entry)
{
    if (number(b, entry + 4, 4) != 1) {
        return 0;
    }
    switch (number(b, entry + 2, 2)) {
    case BYTE:
    case SIGNED_BYTE: return number(b, entry + 8, 1);
    case SHORT:
    case SIGNED_SHORT: return number(b, entry + 8, 2);
    case LONG:
    case SIGNED_LONG: return number(b, entry + 8, 4);
    default: return 0;
    }
}

/* The first directory is the picture's; the others are a thumbnail's. What of it lies within the block counts. */
static uint32_t find(const block *b)
{
    const size_t directory = number(b, 4, 4);
    if (directory < HEADER || directory > b->size || b->size - directory < 2) {
        return 0;
    }
    const size_t first = directory + 2;
    const size_t held = (b->size - first) / ENTRY;
    const size_t count = number(b, directory, 2);
    for (size_t i = 0; i < count && i < held; i++) {
        const size_t entry = first + i * ENTRY;
        if (number(b, entry, 2) == TAG_ORIENTATION) {
            return value_of(b, entry);
        }
    }
    return 0;
}

int orientation_of_exif(const uint8_t *exif, size_t size)
{
    static const uint8_t name[] = {'E', 'x', 'i', 'f', 0, 0};
    static const uint8_t little[] = {'I', 'I', 42, 0};
    static const uint8_t big[] = {'M', 'M', 0, 42};
    if (size >= sizeof name && memcmp(exif, name, sizeof name) == 0) {
        exif += sizeof name;
        size -= sizeof name;
    }
    if (size < HEADER) {
        return ORIENTATION_UPRIGHT;
    }
    const block b = {.bytes = exif, .size = size, .big = memcmp(exif, big, sizeof big) == 0};
    if (!b.big && memcmp(exif, little, sizeof little) != 0) {
        return ORIENTATION_UPRIGHT;
    }
    const uint32_t value = find(&b);
    return value >= ORIENTATION_UPRIGHT && value <= ORIENTATION_LAST ? (int)value : ORIENTATION_UPRIGHT;
}

/* Where the first pixel of the upright picture is stored, and how far the next in its line and column are, in bytes. */
typedef struct walk {
    const uint8_t *first;
    ptrdiff_t along, down;
} walk;

static walk walk_of(const image *i)
{
    const int o = i->orientation;
    const bool mirrored = o == 2 || o == 3 || o == 7 || o == 8;    /* of the stored picture: its lines, */
    const bool upside_down = o == 3 || o == 4 || o == 6 || o == 7; /* its columns */
    const ptrdiff_t line = (ptrdiff_t)i->width * 3;
    walk w = {.first = i->pixels, .along = 3, .down = line};
    if (mirrored) {
        w.first += line - 3;
        w.along = -3;
    }
    if (upside_down) {
        w.first += line * ((ptrdiff_t)i->height - 1);
        w.down = -line;
    }
    return o < 5 ? w : (walk){.first = w.first, .along = w.down, .down = w.along};
}

/* In squares: a line and a column of them lie in the cache together. */
static void copy_pixels(image *out, walk from)
{
    enum { SQUARE = 32 };
    for (size_t top = 0; top < out->height; top += SQUARE) {
        const size_t bottom = top + SQUARE < out->height ? top + SQUARE : out->height;
        for (size_t left = 0; left < out->width; left += SQUARE) {
            const size_t right = left + SQUARE < out->width ? left + SQUARE : out->width;
            for (size_t y = top; y < bottom; y++) {
                const uint8_t *line = from.first + (ptrdiff_t)y * from.down;
                for (size_t x = left; x < right; x++) {
                    const uint8_t *in = line + (ptrdiff_t)x * from.along;
                    uint8_t *to = out->pixels + (y * out->width + x) * 3;
                    to[0] = in[0];
                    to[1] = in[1];
                    to[2] = in[2];
                }
            }
        }
    }
}

/* A reduction's last line and column may reach over the whole picture's edge; turned, they may be the first. */
static image_reduction turn_reduction(const image *i)
{
    const int o = i->orientation;
    const image_reduction r = i->reduced;
    if (r.width == 0) {
        return r;
    }
    const bool mirrored = o == 2 || o == 3 || o == 7 || o == 8; /* as in walk_of */
    const bool upside_down = o == 3 || o == 4 || o == 6 || o == 7;
    const double left = mirrored ? (double)i->width - (double)r.width * r.scale : 0;
    const double top = upside_down ? (double)i->height - (double)r.height * r.scale : 0;
    return o < 5 ? (image_reduction){r.width, r.height, r.scale, left, top}
                 : (image_reduction){r.height, r.width, r.scale, top, left};
}

int orientation_turn(image *i, image *space)
{
    if (i->orientation <= ORIENTATION_UPRIGHT || i->orientation > ORIENTATION_LAST) {
        return LS_OK;
    }
    const bool on_its_side = i->orientation >= 5;
    const int code = image_reserve(space, on_its_side ? i->height : i->width, on_its_side ? i->width : i->height);
    if (code != LS_OK) {
        return code;
    }
    copy_pixels(space, walk_of(i));
    space->background = i->background;
    space->orientation = ORIENTATION_UPRIGHT;
    space->reduced = turn_reduction(i);
    memcpy(space->note, i->note, sizeof space->note);
    const image turned = *space;
    *space = *i;
    *i = turned;
    return LS_OK;
}
