#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

#include "base/error.h"
#include "data/image.h"
#include "data/orientation.h"

/* WebP, with and without loss. Of an animation its first picture, on the whole canvas. */

/* Where a frame goes. */
typedef struct frame {
    const uint8_t *bytes;
    size_t size;
    size_t left, top, width, height;
} frame;

static int damaged(VP8StatusCode status)
{
    switch (status) {
    case VP8_STATUS_OUT_OF_MEMORY: return error_set(LS_ENOMEM, "no memory to decode a WebP picture");
    case VP8_STATUS_NOT_ENOUGH_DATA: return error_set(LS_EFORMAT, "damaged WebP: it ends early");
    case VP8_STATUS_UNSUPPORTED_FEATURE: return error_set(LS_EFORMAT, "a WebP of an unknown kind");
    default: return error_set(LS_EFORMAT, "damaged WebP: its data is wrong");
    }
}

/* libwebp writes colours as they are stored, with or without alpha behind them. */
static int decode_frame(image *out, const frame *f)
{
    const bool lay = out->background != IMAGE_ALPHA_DROPPED;
    const size_t samples = lay ? 4 : 3;
    uint8_t *rgba = lay ? malloc(f->width * f->height * 4) : NULL;
    WebPDecoderConfig config;
    if ((lay && rgba == NULL) || !WebPInitDecoderConfig(&config)) {
        free(rgba);
        return error_set(LS_ENOMEM, "no memory to decode a WebP picture");
    }
    uint8_t *place = out->pixels + 3 * (f->top * out->width + f->left);
    const size_t stride = lay ? f->width * 4 : out->width * 3;
    config.output.colorspace = lay ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = lay ? rgba : place;
    config.output.u.RGBA.stride = (int)stride;
    config.output.u.RGBA.size = stride * (f->height - 1) + f->width * samples;
    const VP8StatusCode status = WebPDecode(f->bytes, f->size, &config);
    for (size_t y = 0; lay && status == VP8_STATUS_OK && y < f->height; y++) {
        image_lay(place + 3 * y * out->width, rgba + y * stride, f->width, out->background);
    }
    WebPFreeDecBuffer(&config.output);
    free(rgba);
    return status == VP8_STATUS_OK ? LS_OK : damaged(status);
}

/* What the first frame does not cover is transparent black. */
static void clear(const image *out)
{
    static const uint8_t nothing[4];
    for (size_t i = 0; i < out->width * out->height; i++) {
        image_lay(out->pixels + 3 * i, nothing, 1, out->background);
    }
}

/* The frame's own data may say another size than the file around it. */
static int draw(image *out, const frame *f)
{
    WebPBitstreamFeatures features;
    const VP8StatusCode status = WebPGetFeatures(f->bytes, f->size, &features);
    if (status != VP8_STATUS_OK) {
        return damaged(status);
    }
    if ((size_t)features.width != f->width || (size_t)features.height != f->height || f->left + f->width > out->width ||
        f->top + f->height > out->height) {
        return error_set(LS_EFORMAT, "damaged WebP: sizes in it contradict each other");
    }
    if (f->width < out->width || f->height < out->height) {
        clear(out);
    }
    return decode_frame(out, f);
}

static int orientation_in(const WebPDemuxer *file)
{
    int orientation = ORIENTATION_UPRIGHT;
    WebPChunkIterator chunk;
    if (WebPDemuxGetChunk(file, "EXIF", 1, &chunk)) {
        orientation = orientation_of_exif(chunk.chunk.bytes, chunk.chunk.size);
        WebPDemuxReleaseChunkIterator(&chunk);
    }
    return orientation;
}

static int draw_first(image *out, const WebPDemuxer *file)
{
    WebPIterator first;
    if (!WebPDemuxGetFrame(file, 1, &first)) {
        return damaged(VP8_STATUS_NOT_ENOUGH_DATA);
    }
    const frame f = {first.fragment.bytes,   first.fragment.size, (size_t)first.x_offset,
                     (size_t)first.y_offset, (size_t)first.width, (size_t)first.height};
    const int code = first.complete ? draw(out, &f) : damaged(VP8_STATUS_NOT_ENOUGH_DATA);
    if (code == LS_OK && first.num_frames > 1) {
        (void)snprintf(out->note, sizeof out->note, "an animation, of which only the first picture is used");
    }
    WebPDemuxReleaseIterator(&first);
    return code;
}

int decode_webp(image *out, const uint8_t *bytes, size_t size)
{
    const WebPData data = {bytes, size};
    WebPDemuxState state = WEBP_DEMUX_PARSE_ERROR;
    WebPDemuxer *file = WebPDemuxPartial(&data, &state);
    if (file == NULL) {
        return damaged(state == WEBP_DEMUX_PARSE_ERROR ? VP8_STATUS_BITSTREAM_ERROR : VP8_STATUS_NOT_ENOUGH_DATA);
    }
    int code =
        image_reserve(out, WebPDemuxGetI(file, WEBP_FF_CANVAS_WIDTH), WebPDemuxGetI(file, WEBP_FF_CANVAS_HEIGHT));
    if (code == LS_OK) {
        code = draw_first(out, file);
    }
    if (code == LS_OK && state != WEBP_DEMUX_DONE && out->note[0] == '\0') {
        (void)snprintf(out->note, sizeof out->note, "it ends early, but all of the picture is there");
    }
    if (code == LS_OK) {
        out->orientation = orientation_in(file);
    }
    WebPDemuxDelete(file);
    return code;
}
