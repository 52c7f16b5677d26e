#include "pictures_more_private.h"

static void put_colours(sink *s)
{
    for (unsigned i = 0; i < 16; i++) {
        uint8_t rgb[3];
        more_palette(rgb, i);
        sink_put(s, (uint8_t[4]){rgb[2], rgb[1], rgb[0], 0}, 4);
    }
}

static void put_line(sink *s, size_t y, int bits)
{
    const size_t start = s->at;
    for (size_t x = 0; x < W; x++) {
        uint8_t c[4];
        more_colours(c, x, y);
        switch (bits) {
        case 4: sink_put_number(s, more_index(x, y) << 4 | (x + 1 < W ? more_index(x + 1, y) : 0), 1), x++; break;
        case 8: sink_put_number(s, more_index(x, y), 1); break;
        case 16: sink_put_number(s, (uint32_t)(c[0] >> 3) << 11 | (uint32_t)(c[1] >> 2) << 5 | c[2] >> 3, 2); break;
        case 24: sink_put(s, (uint8_t[3]){c[2], c[1], c[0]}, 3); break;
        default: sink_put(s, (uint8_t[4]){c[2], c[1], c[0], c[3]}, 4);
        }
    }
    sink_put_number(s, 0, (4 - (s->at - start) % 4) % 4);
}

/* Each line as runs of four, and the last of them pixel by pixel. */
static void put_runs(sink *s)
{
    for (size_t y = H; y-- > 0;) {
        for (size_t x = 0; x < 16; x += 4) {
            sink_put(s, (uint8_t[2]){4, (uint8_t)more_index(x, y)}, 2);
        }
        sink_put(
            s,
            (uint8_t[6]){0, 3, (uint8_t)more_index(16, y), (uint8_t)more_index(17, y), (uint8_t)more_index(18, y), 0},
            6);
        sink_put(s, (uint8_t[2]){0, y == 0}, 2);
    }
}

void more_make_bmp(sink *s, const more_kind *k)
{
    const bool masks = k->second == 3;
    const uint32_t header = masks ? 56 : 40;
    const size_t colours = k->first <= 8 ? 16 : 0;
    sink_put(s, "BM", 2);
    sink_put_number(s, 0, 8);
    sink_put_number(s, (uint32_t)(14 + header + 4 * colours), 4);
    sink_put_number(s, header, 4);
    sink_put_number(s, W, 4);
    sink_put_number(s, masks ? (uint32_t)-H : H, 4);
    sink_put_number(s, 1, 2);
    sink_put_number(s, (uint32_t)k->first, 2);
    sink_put_number(s, (uint32_t)k->second, 4);
    sink_put_number(s, 0, 12);
    sink_put_number(s, (uint32_t)colours, 4);
    sink_put_number(s, 0, 4);
    if (masks && k->first == 16) {
        sink_put(s, "\0\xf8\0\0\xe0\x07\0\0\x1f\0\0\0\0\0\0\0", 16);
    } else if (masks) {
        sink_put(s, "\0\0\xff\0\0\xff\0\0\xff\0\0\0\0\0\0\xff", 16);
    }
    if (colours > 0) {
        put_colours(s);
    }
    if (k->second == 1) {
        put_runs(s);
        return;
    }
    for (size_t y = 0; y < H; y++) {
        put_line(s, masks ? y : H - 1 - y, k->first);
    }
}
