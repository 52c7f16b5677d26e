#include "data/decode_tiff_private.h"

static uint32_t pack(const uint8_t rgba[4])
{
    return rgba[0] | (uint32_t)rgba[1] << 8 | (uint32_t)rgba[2] << 16 | (uint32_t)rgba[3] << 24;
}

/* Sample number i; of 16 bits the nearest value of 8, as libpng has it. */
static uint8_t sample_at(const tiff_pixels *p, const unsigned char *samples, size_t i)
{
    if (p->rgba.bitspersample == 8) {
        return samples[i];
    }
    const uint32_t value = ((const uint16_t *)(const void *)samples)[i]; /* libtiff aligns its memory */
    return (uint8_t)((value * 255 + 32895) >> 16);
}

/* A file may say so of a sample that is not there. */
static bool has_alpha(const tiff_pixels *p)
{
    return p->rgba.samplesperpixel > (p->rgba.photometric == PHOTOMETRIC_RGB ? 3 : 1) &&
           (p->extra == EXTRASAMPLE_UNASSALPHA || p->extra == EXTRASAMPLE_ASSOCALPHA);
}

static uint8_t light(const tiff_pixels *p, uint8_t value)
{
    return p->rgba.photometric == PHOTOMETRIC_MINISWHITE ? (uint8_t)(255 - value) : value;
}

static void put_together(TIFFRGBAImage *from, uint32_t *out, uint32_t x, uint32_t y, uint32_t width, uint32_t height,
                         int32_t from_skew, int32_t to_skew, unsigned char *samples)
{
    const tiff_pixels *p = (const tiff_pixels *)from;
    const size_t each = from->samplesperpixel;
    const size_t colours = from->photometric == PHOTOMETRIC_RGB ? 3 : 1;
    const ptrdiff_t bytes = from->bitspersample / 8;
    (void)x;
    (void)y;
    for (; height > 0; height--) {
        for (uint32_t i = 0; i < width; i++) {
            uint8_t rgba[4] = {[3] = has_alpha(p) ? sample_at(p, samples, colours) : 255};
            for (size_t c = 0; c < 3; c++) {
                rgba[c] = light(p, sample_at(p, samples, colours == 3 ? c : 0));
            }
            *out++ = pack(rgba);
            samples += (ptrdiff_t)each * bytes;
        }
        out += to_skew;
        samples += from_skew * (ptrdiff_t)each * bytes;
    }
}

/* libtiff hands over the gray plane three times, and alpha's only where it looks at that. */
static void put_apart(TIFFRGBAImage *from, uint32_t *out, uint32_t x, uint32_t y, uint32_t width, uint32_t height,
                      int32_t from_skew, int32_t to_skew, unsigned char *r, unsigned char *g, unsigned char *b,
                      unsigned char *a)
{
    const tiff_pixels *p = (const tiff_pixels *)from;
    const bool alpha = from->alpha != 0 && has_alpha(p);
    size_t at = 0;
    (void)x;
    (void)y;
    for (; height > 0; height--) {
        for (uint32_t i = 0; i < width; i++, at++) {
            const uint8_t rgba[4] = {light(p, sample_at(p, r, at)), light(p, sample_at(p, g, at)),
                                     light(p, sample_at(p, b, at)), alpha ? sample_at(p, a, at) : 255};
            *out++ = pack(rgba);
        }
        out += to_skew;
        at += (size_t)from_skew;
    }
}

void tiff_pixels_choose(tiff_pixels *p)
{
    TIFFRGBAImage *from = &p->rgba;
    const bool is_gray = from->photometric == PHOTOMETRIC_MINISBLACK || from->photometric == PHOTOMETRIC_MINISWHITE;
    const bool is_plain = (is_gray || from->photometric == PHOTOMETRIC_RGB) &&
                          (from->bitspersample == 8 || from->bitspersample == 16) &&
                          from->samplesperpixel >= (is_gray ? 1 : 3);
    p->lays = is_plain ? p->extra == EXTRASAMPLE_ASSOCALPHA : from->alpha != 0;
    if (is_plain && from->isContig) {
        from->put.contig = put_together;
    } else if (is_plain) {
        from->put.separate = put_apart;
    }
}

void tiff_pixels_unpack(const tiff_pixels *p, uint8_t *out, const uint32_t *row, size_t width)
{
    for (size_t x = 0; x < width; x++, out += 4) {
        const unsigned alpha = TIFFGetA(row[x]);
        const unsigned colours[3] = {TIFFGetR(row[x]), TIFFGetG(row[x]), TIFFGetB(row[x])};
        for (int c = 0; c < 3; c++) {
            const unsigned whole = p->lays && alpha > 0 ? colours[c] * 255 / alpha : colours[c];
            out[c] = (uint8_t)(whole > 255 ? 255 : whole);
        }
        out[3] = (uint8_t)alpha;
    }
}
