#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "data/decode_jpeg_private.h"
#include "data/image.h"
#include "data/orientation.h"

enum { EXIF_MARKER = JPEG_APP0 + 1, LONGEST_MARKER = 0xffff };

/* The first that is there counts. The decoder keeps these markers up to here, not those between scans. */
static int read_orientation(struct jpeg_decompress_struct *jpeg)
{
    static const uint8_t name[] = {'E', 'x', 'i', 'f', 0, 0};
    jpeg_save_markers(jpeg, EXIF_MARKER, 0);
    for (jpeg_saved_marker_ptr m = jpeg->marker_list; m != NULL; m = m->next) {
        if (m->marker == EXIF_MARKER && m->data_length > sizeof name && memcmp(m->data, name, sizeof name) == 0) {
            return orientation_of_exif(m->data, m->data_length);
        }
    }
    return ORIENTATION_UPRIGHT;
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

/* Have libjpeg leave out the finer half of each block's frequencies, as often as is wished. */
static void reduce(jpeg_decoder *d, image *out)
{
    enum { MOST = 3 };
    struct jpeg_decompress_struct *jpeg = &d->jpeg;
    const image_wish *w = d->wish;
    const int wanted = w != NULL ? w->halvings(w->context, jpeg->image_width, jpeg->image_height, out->orientation) : 0;
    const int halvings = wanted < MOST ? wanted : MOST;
    out->reduced = (image_reduction){0};
    if (halvings > 0) {
        jpeg->scale_num = 1;
        jpeg->scale_denom = 1U << (unsigned)halvings;
        out->reduced = (image_reduction){
            .width = jpeg->image_width, .height = jpeg->image_height, .scale = 1 / (double)jpeg->scale_denom};
    }
    jpeg_calc_output_dimensions(jpeg);
}

/* Reads headers; where there are several scans, all of them. May leave by longjmp, as all below. */
static int start(jpeg_decoder *d, image *out, const uint8_t *bytes)
{
    struct jpeg_decompress_struct *jpeg = &d->jpeg;
    jpeg_mem_src(jpeg, bytes, d->size);
    jpeg_events_set_source(d);
    jpeg_save_markers(jpeg, EXIF_MARKER, LONGEST_MARKER);
    (void)jpeg_read_header(jpeg, TRUE);
    out->orientation = read_orientation(jpeg);
    int code = image_check_size(jpeg->image_width, jpeg->image_height);
    if (code == LS_OK) {
        reduce(d, out);
        code = image_reserve(out, jpeg->output_width, jpeg->output_height);
    }
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
    d->row = cmyk ? malloc(out->width * 4) : NULL;
    if (cmyk && d->row == NULL) {
        return error_set(LS_ENOMEM, "no memory to decode a CMYK JPEG");
    }
    return LS_OK;
}

static int draw(jpeg_decoder *d, image *out)
{
    struct jpeg_decompress_struct *jpeg = &d->jpeg;
    while (jpeg->output_scanline < jpeg->output_height) {
        uint8_t *line = out->pixels + (size_t)jpeg->output_scanline * out->width * 3;
        JSAMPROW rows[1] = {d->row != NULL ? d->row : line};
        if (jpeg_read_scanlines(jpeg, rows, 1) != 1) {
            return error_set(LS_EFORMAT, "damaged JPEG: it ends early");
        }
        if (d->row != NULL) {
            cmyk_to_rgb(line, d->row, out->width, jpeg->saw_Adobe_marker);
        }
    }
    return LS_OK;
}

/* Whether whole scans are missing, of which no warning is given. */
static int check_scans(jpeg_decoder *d)
{
    d->coarse = !jpeg_all_seen(&d->jpeg, true);
    if (!jpeg_all_seen(&d->jpeg, false) || (d->coarse && d->ended)) {
        return error_set(LS_EFORMAT, "damaged JPEG: it ends early");
    }
    return LS_OK;
}

/* An arithmetic code may go without the zeros at its end, so what is cut off there looks like zeros. */
static int check_end(const jpeg_decoder *d)
{
    if (d->jpeg.arith_code && d->ended_in_scan && !d->again) {
        return error_set(LS_EFORMAT, "damaged JPEG: it has no end marker, and an arithmetic code does not show whether "
                                     "all of it is there");
    }
    return LS_OK;
}

static int decode(jpeg_decoder *d, image *out, const uint8_t *bytes)
{
    int code = start(d, out, bytes);
    if (code == LS_OK) {
        code = check_scans(d);
    }
    if (code == LS_OK) {
        code = draw(d, out);
    }
    if (code == LS_OK) {
        code = check_end(d);
    }
    if (code == LS_OK) {
        d->drawn = true;
        (void)jpeg_finish_decompress(&d->jpeg); /* looks for the end marker */
    }
    return code;
}

/* The caller owns d, so that what it holds is certain after a longjmp. */
static void decode_guarded(jpeg_decoder *d, image *out, const uint8_t *bytes)
{
    if (setjmp(d->escape) == 0) {
        jpeg_create_decompress(&d->jpeg);
        d->code = decode(d, out, bytes);
    }
}

/* *usable: how much of the file may be tried again after a failure; not 0: this is that try. */
static int decode_part(image *out, const uint8_t *bytes, size_t size, const image_wish *wish, size_t *usable)
{
    jpeg_decoder d = {.code = LS_OK, .size = size, .wish = wish, .again = *usable > 0};
    jpeg_events_set(&d);
    decode_guarded(&d, out, bytes);
    if (d.code == LS_OK) {
        jpeg_write_note(out->note, sizeof out->note, &d);
    }
    jpeg_destroy_decompress(&d.jpeg);
    free(d.row);
    *usable = d.usable;
    return d.code;
}

/* Headers that cannot be read behind all that makes the picture are left out at a second try. */
int decode_jpeg(image *out, const uint8_t *bytes, size_t size, const image_wish *wish)
{
    size_t usable = 0;
    char why[sizeof out->note];
    int code = decode_part(out, bytes, size, wish, &usable);
    if (code != LS_EFORMAT || usable == 0) {
        return code;
    }
    (void)snprintf(why, sizeof why, "%s", error_message());
    code = decode_part(out, bytes, usable, wish, &usable);
    if (code == LS_OK) {
        memcpy(out->note, why, sizeof why);
    }
    return code;
}
