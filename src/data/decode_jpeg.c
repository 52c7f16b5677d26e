#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jerror.h>
#include <jpeglib.h>

#include "base/error.h"
#include "data/image.h"

/* Real progressive files have about ten scans; thousands of them over a large picture are meant to cost time. */
enum { MAX_SCANS = 500 };

typedef struct decoder {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    int code;
    JSAMPLE *row; /* one line of CMYK, owned */
} decoder;

static decoder *decoder_of(j_common_ptr jpeg)
{
    return jpeg->client_data;
}

_Noreturn static void fail(j_common_ptr jpeg)
{
    char text[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, text);
    decoder_of(jpeg)->code = error_set(LS_EFORMAT, "damaged JPEG: %s", text);
    longjmp(decoder_of(jpeg)->escape, 1);
}

/* A marker that stands in the way of the data ends the picture early, unless it only begins the next restart interval.
 */
static int ends_early(const struct jpeg_decompress_struct *jpeg)
{
    const int restart = jpeg->unread_marker >= JPEG_RST0 && jpeg->unread_marker <= JPEG_RST0 + 7;
    return !restart && jpeg->input_iMCU_row + 1 < jpeg->total_iMCU_rows;
}

/*
 * libjpeg only warns, and fills up with gray, where the data ends early: at the end of the file, or at a marker with
 * lines still to come. Lesser oddities are let pass.
 */
static void warn(j_common_ptr common, int level)
{
    const struct jpeg_decompress_struct *jpeg = &decoder_of(common)->jpeg;
    if (level >= 0) {
        return;
    }
    common->err->num_warnings++;
    if (common->err->msg_code == JWRN_JPEG_EOF || (common->err->msg_code == JWRN_HIT_MARKER && ends_early(jpeg))) {
        fail(common);
    }
}

static void stay_silent(j_common_ptr jpeg)
{
    (void)jpeg;
}

static void watch_scans(j_common_ptr jpeg)
{
    decoder *d = decoder_of(jpeg);
    if (d->jpeg.input_scan_number > MAX_SCANS) {
        d->code = error_set(LS_EFORMAT, "JPEG with more than %d scans", MAX_SCANS);
        longjmp(d->escape, 1);
    }
}

/* Adobe's files, which is nearly all there are, store ink inverted: 255 is none. */
static void cmyk_to_rgb(uint8_t *out, const JSAMPLE *in, size_t width, int inverted)
{
    for (size_t x = 0; x < width; x++) {
        const unsigned k = inverted ? in[4 * x + 3] : 255u - in[4 * x + 3];
        for (size_t c = 0; c < 3; c++) {
            const unsigned ink = inverted ? in[4 * x + c] : 255u - in[4 * x + c];
            out[3 * x + c] = (uint8_t)((ink * k + 127) / 255);
        }
    }
}

/* May leave by longjmp: everything that has to be freed hangs on d or out. */
static int decode(decoder *d, image *out, const uint8_t *bytes, size_t size)
{
    struct jpeg_decompress_struct *jpeg = &d->jpeg;
    jpeg_mem_src(jpeg, bytes, size);
    (void)jpeg_read_header(jpeg, TRUE);
    const int code = image_reserve(out, jpeg->image_width, jpeg->image_height);
    if (code != LS_OK) {
        return code;
    }
    const int cmyk = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
    jpeg->out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
    jpeg->dct_method = JDCT_ISLOW; /* the one that gives the same bits on every processor */
    (void)jpeg_start_decompress(jpeg);
    if (jpeg->output_width != out->width || jpeg->output_height != out->height ||
        jpeg->output_components != (cmyk ? 4 : 3)) {
        return error_set(LS_EFORMAT, "JPEG of an unknown kind (%d components)", jpeg->output_components);
    }
    if (cmyk) {
        d->row = malloc(out->width * 4);
        if (d->row == NULL) {
            return error_set(LS_ENOMEM, "no memory to decode a CMYK JPEG");
        }
    }
    while (jpeg->output_scanline < jpeg->output_height) {
        uint8_t *line = out->pixels + (size_t)jpeg->output_scanline * out->width * 3;
        JSAMPROW rows[1] = {cmyk ? d->row : line};
        if (jpeg_read_scanlines(jpeg, rows, 1) != 1) {
            return error_set(LS_EFORMAT, "damaged JPEG: it ends early");
        }
        if (cmyk) {
            cmyk_to_rgb(line, d->row, out->width, jpeg->saw_Adobe_marker);
        }
    }
    return LS_OK;
}

/* The caller owns d, so that what it holds is certain after a longjmp. */
static void decode_guarded(decoder *d, image *out, const uint8_t *bytes, size_t size)
{
    if (setjmp(d->escape) == 0) {
        jpeg_create_decompress(&d->jpeg);
        d->progress.progress_monitor = watch_scans;
        d->jpeg.progress = &d->progress;
        d->code = decode(d, out, bytes, size);
    }
}

int decode_jpeg(image *out, const uint8_t *bytes, size_t size)
{
    decoder d = {.code = LS_OK};
    d.jpeg.err = jpeg_std_error(&d.errors);
    d.errors.error_exit = fail;
    d.errors.emit_message = warn;
    d.errors.output_message = stay_silent;
    d.jpeg.client_data = &d;
    decode_guarded(&d, out, bytes, size);
    jpeg_destroy_decompress(&d.jpeg);
    free(d.row);
    return d.code;
}
