#include "pictures_more_private.h"

#ifdef LOCKSTEP_TIFF
#include <stdio.h>
#include <string.h>

#include <tiffio.h>

#include "fuzz.h"

static tmsize_t tiff_read(thandle_t s, void *out, tmsize_t n)
{
    sink *from = s;
    const size_t left = from->at < from->size ? from->size - from->at : 0;
    const size_t count = (size_t)n < left ? (size_t)n : left;
    memcpy(out, from->bytes + from->at, count);
    from->at += count;
    return (tmsize_t)count;
}

static tmsize_t tiff_write(thandle_t s, void *bytes, tmsize_t n)
{
    sink_put(s, bytes, (size_t)n);
    return n;
}

static toff_t tiff_seek(thandle_t s, toff_t to, int whence)
{
    sink *at = s;
    at->at = (size_t)(whence == SEEK_SET ? to : whence == SEEK_CUR ? at->at + to : at->size + to);
    return at->at;
}

static int tiff_close(thandle_t s)
{
    (void)s;
    return 0;
}

static toff_t tiff_size(thandle_t s)
{
    return ((sink *)s)->size;
}

static void set_page(TIFF *t, const more_kind *k)
{
    TIFFSetField(t, TIFFTAG_IMAGEWIDTH, W);
    TIFFSetField(t, TIFFTAG_IMAGELENGTH, H);
    TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, 8);
    TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, k->about.clear ? 4 : 3);
    TIFFSetField(t, TIFFTAG_COMPRESSION, k->first);
    TIFFSetField(t, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_RGB);
    TIFFSetField(t, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(t, TIFFTAG_ORIENTATION, k->about.clear ? 6 : 1);
    TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, 5);
    if (k->about.clear) {
        TIFFSetField(t, TIFFTAG_EXTRASAMPLES, 1, &(uint16_t){EXTRASAMPLE_UNASSALPHA});
    }
}

void more_make_tiff(sink *s, const more_kind *k)
{
    uint8_t pixels[W * H * 4];
    const size_t samples = k->about.clear ? 4 : 3;
    more_paint(pixels, samples);
    TIFF *t = TIFFClientOpen("picture", "w", s, tiff_read, tiff_write, tiff_seek, tiff_close, tiff_size, NULL, NULL);
    FUZZ_CHECK(t != NULL);
    for (int page = 0; page < k->second; page++) {
        set_page(t, k);
        for (uint32_t y = 0; y < H; y++) {
            FUZZ_CHECK(TIFFWriteScanline(t, pixels + (size_t)y * W * samples, y, 0) == 1);
        }
        FUZZ_CHECK(TIFFWriteDirectory(t) == 1);
    }
    TIFFClose(t);
}
#endif
