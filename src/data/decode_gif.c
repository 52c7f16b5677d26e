#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gif_lib.h>

#include "base/error.h"
#include "data/image.h"

/* The first picture of a GIF file, which may be an animation. giflib reads it line by line, and no more of the file. */

typedef struct reader {
    const uint8_t *bytes;
    size_t size;
    size_t at;
    GifFileType *gif;
    int clear; /* the colour that is transparent, or NO_TRANSPARENT_COLOR */
    GifPixelType *line;
    bool beyond; /* a pixel has a colour that the palette lacks */
} reader;

static int read_bytes(GifFileType *gif, GifByteType *out, int n)
{
    reader *r = gif->UserData;
    const size_t left = r->size - r->at;
    const size_t count = (size_t)n < left ? (size_t)n : left;
    memcpy(out, r->bytes + r->at, count);
    r->at += count;
    return (int)count;
}

static int damaged(const reader *r, int error)
{
    const char *const why = r->at == r->size || error == D_GIF_ERR_EOF_TOO_SOON ? NULL : GifErrorString(error);
    return error_set(LS_EFORMAT, "damaged GIF: %s", why == NULL ? "it ends early" : why);
}

/* A block of what is no picture: how the next one is drawn, texts, loops. */
static int read_extension(reader *r)
{
    int kind = 0;
    GifByteType *block = NULL;
    GraphicsControlBlock control;
    if (DGifGetExtension(r->gif, &kind, &block) != GIF_OK) {
        return damaged(r, r->gif->Error);
    }
    if (kind == GRAPHICS_EXT_FUNC_CODE && block != NULL &&
        DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK) {
        r->clear = control.TransparentColor;
    }
    while (block != NULL) {
        if (DGifGetExtensionNext(r->gif, &block) != GIF_OK) {
            return damaged(r, r->gif->Error);
        }
    }
    return LS_OK;
}

/* Go to the next picture. *found: there is one. */
static int find_picture(reader *r, bool *found)
{
    GifRecordType type = UNDEFINED_RECORD_TYPE;
    *found = false;
    for (;;) {
        if (DGifGetRecordType(r->gif, &type) != GIF_OK) {
            return damaged(r, r->gif->Error);
        }
        if (type == IMAGE_DESC_RECORD_TYPE) {
            *found = true;
            return LS_OK;
        }
        if (type == TERMINATE_RECORD_TYPE) {
            return LS_OK;
        }
        const int code = read_extension(r);
        if (code != LS_OK) {
            return code;
        }
    }
}

static void put(reader *r, const image *out, const ColorMapObject *colours, uint8_t *rgb, int index)
{
    uint8_t rgba[4] = {0, 0, 0, index == r->clear ? 0 : 255};
    if (index < colours->ColorCount) {
        const GifColorType *colour = &colours->Colors[index];
        rgba[0] = colour->Red;
        rgba[1] = colour->Green;
        rgba[2] = colour->Blue;
    } else {
        r->beyond = r->beyond || index != r->clear;
    }
    image_lay(rgb, rgba, 1, out->background);
}

/* Around a picture that does not cover all, the canvas is transparent; without transparency, its first colour. */
static void fill(reader *r, const image *out, const ColorMapObject *colours)
{
    uint8_t rgb[3];
    const int clear = r->clear;
    r->clear = clear == NO_TRANSPARENT_COLOR ? 0 : clear;
    put(r, out, colours, rgb, r->clear);
    r->clear = clear;
    for (size_t i = 0; i < out->width * out->height; i++) {
        memcpy(out->pixels + 3 * i, rgb, 3);
    }
}

/* The line that is the file's n-th of a picture of so many; interlaced, every eighth comes first (GIF89a, appendix E).
 */
static size_t place_of(size_t n, size_t lines, bool interlaced)
{
    static const size_t starts[] = {0, 4, 2, 1};
    static const size_t steps[] = {8, 8, 4, 2};
    for (size_t i = 0; interlaced && i < 4; i++) {
        const size_t count = lines > starts[i] ? (lines - starts[i] + steps[i] - 1) / steps[i] : 0;
        if (n < count) {
            return starts[i] + n * steps[i];
        }
        n -= count;
    }
    return n;
}

static int draw(reader *r, image *out, const ColorMapObject *colours)
{
    const GifImageDesc *at = &r->gif->Image;
    const size_t width = (size_t)at->Width;
    const size_t height = (size_t)at->Height;
    r->line = malloc(width);
    if (r->line == NULL) {
        return error_set(LS_ENOMEM, "no memory to decode a GIF");
    }
    if (width < out->width || height < out->height) {
        fill(r, out, colours);
    }
    for (size_t n = 0; n < height; n++) {
        if (DGifGetLine(r->gif, r->line, (int)width) != GIF_OK) {
            return damaged(r, r->gif->Error);
        }
        const size_t y = (size_t)at->Top + place_of(n, height, at->Interlace);
        for (size_t x = 0; x < width; x++) {
            put(r, out, colours, out->pixels + 3 * (y * out->width + (size_t)at->Left + x), r->line[x]);
        }
    }
    return LS_OK;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* A picture that does not fit on the canvas makes that larger, as in other programs. */
static int draw_picture(reader *r, image *out)
{
    if (DGifGetImageDesc(r->gif) != GIF_OK) {
        return damaged(r, r->gif->Error);
    }
    const GifImageDesc *at = &r->gif->Image;
    const ColorMapObject *colours = at->ColorMap != NULL ? at->ColorMap : r->gif->SColorMap;
    int code = image_check_size((size_t)at->Width, (size_t)at->Height);
    if (code == LS_OK && colours == NULL) {
        code = error_set(LS_EFORMAT, "damaged GIF: it has no palette");
    }
    if (code == LS_OK) {
        code = image_reserve(out, larger((size_t)r->gif->SWidth, (size_t)at->Left + (size_t)at->Width),
                             larger((size_t)r->gif->SHeight, (size_t)at->Top + (size_t)at->Height));
    }
    return code == LS_OK ? draw(r, out, colours) : code;
}

/* What stands behind the picture is no reason to do without it. */
static void write_note(reader *r, image *out)
{
    bool more = false;
    const char *text = "";
    if (r->beyond) {
        text = "pixels of colours that its palette lacks are black";
    } else if (find_picture(r, &more) != LS_OK) {
        text = "damaged behind the first picture, which is there";
    } else if (more) {
        text = "an animation, of which only the first picture is used";
    }
    (void)snprintf(out->note, sizeof out->note, "%s", text);
}

static int decode(reader *r, image *out)
{
    bool found = false;
    int code = find_picture(r, &found);
    if (code == LS_OK && !found) {
        code = error_set(LS_EFORMAT, "a GIF without a picture");
    }
    if (code == LS_OK) {
        code = draw_picture(r, out);
    }
    if (code == LS_OK) {
        write_note(r, out);
    }
    return code;
}

int decode_gif(image *out, const uint8_t *bytes, size_t size)
{
    reader r = {.bytes = bytes, .size = size, .clear = NO_TRANSPARENT_COLOR};
    int error = D_GIF_SUCCEEDED;
    r.gif = DGifOpen(&r, read_bytes, &error);
    if (r.gif == NULL) {
        return error == D_GIF_ERR_NOT_ENOUGH_MEM ? error_set(LS_ENOMEM, "no memory to decode a GIF")
                                                 : damaged(&r, error);
    }
    const int code = decode(&r, out);
    free(r.line);
    (void)DGifCloseFile(r.gif, &error);
    return code;
}
