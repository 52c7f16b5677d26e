#include "pictures_more_private.h"

#ifdef LOCKSTEP_GIF
#include <gif_lib.h>

#include "fuzz.h"

static int write_gif(GifFileType *gif, const GifByteType *bytes, int n)
{
    sink_put(gif->UserData, bytes, (size_t)n);
    return n;
}

static void put_picture(GifFileType *gif, bool interlace)
{
    static const size_t starts[] = {0, 4, 2, 1};
    static const size_t steps[] = {8, 8, 4, 2};
    FUZZ_CHECK(EGifPutImageDesc(gif, 0, 0, W, H, interlace, NULL) == GIF_OK);
    for (size_t pass = 0; pass < (interlace ? 4 : 1); pass++) {
        for (size_t y = interlace ? starts[pass] : 0; y < H; y += interlace ? steps[pass] : 1) {
            GifPixelType line[W];
            for (size_t x = 0; x < W; x++) {
                line[x] = (GifPixelType)more_index(x, y);
            }
            FUZZ_CHECK(EGifPutLine(gif, line, W) == GIF_OK);
        }
    }
}

void more_make_gif(sink *s, const more_kind *k)
{
    int error = 0;
    GifColorType colours[16];
    GifFileType *gif = EGifOpen(s, write_gif, &error);
    for (unsigned i = 0; i < 16; i++) {
        uint8_t rgb[3];
        more_palette(rgb, i);
        colours[i] = (GifColorType){rgb[0], rgb[1], rgb[2]};
    }
    ColorMapObject *map = GifMakeMapObject(16, colours);
    FUZZ_CHECK(gif != NULL && map != NULL);
    EGifSetGifVersion(gif, true);
    FUZZ_CHECK(EGifPutScreenDesc(gif, W, H, 4, 0, map) == GIF_OK);
    for (int i = 0; i < k->second; i++) {
        GifByteType control[4];
        const GraphicsControlBlock block = {.DelayTime = 5,
                                            .TransparentColor = k->about.clear ? 3 : NO_TRANSPARENT_COLOR};
        FUZZ_CHECK(EGifGCBToExtension(&block, control) == 4);
        FUZZ_CHECK(EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, 4, control) == GIF_OK);
        put_picture(gif, k->first != 0);
    }
    FUZZ_CHECK(EGifCloseFile(gif, &error) == GIF_OK);
    GifFreeMapObject(map);
}
#endif
