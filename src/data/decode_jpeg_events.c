#include <stdlib.h>

#include "data/decode_jpeg_private.h"

#include <jerror.h> /* its numbers depend on what jpeglib.h defines */

#include "base/error.h"
#include "data/image.h"

/* A scan of an arithmetic-coded picture takes as long as so many others, for as few bytes. */
enum { ARITHMETIC_COST = 4 };

static jpeg_decoder *decoder_of(j_common_ptr jpeg)
{
    return jpeg->client_data;
}

_Noreturn static void leave(jpeg_decoder *d, int code)
{
    d->code = code;
    longjmp(d->escape, 1);
}

/* Whether no scan is being read: before the next one's header, or after the last one. */
static bool between_scans(const struct jpeg_decompress_struct *jpeg)
{
    return jpeg->input_iMCU_row >= jpeg->total_iMCU_rows;
}

static void add_oddity(jpeg_decoder *d)
{
    if (d->oddities++ == 0) {
        d->errors.format_message((j_common_ptr)&d->jpeg, d->first);
    }
}

static int error_of(jpeg_decoder *d)
{
    char text[JMSG_LENGTH_MAX];
    const struct jpeg_decompress_struct *jpeg = &d->jpeg;
    if (d->errors.msg_code == JERR_IMAGE_TOO_BIG) {
        return image_check_size(jpeg->image_width, jpeg->image_height);
    }
    if (d->errors.msg_code == JERR_OUT_OF_MEMORY) {
        return error_set(LS_ENOMEM, "no memory to decode a JPEG of %u x %u pixels", jpeg->image_width,
                         jpeg->image_height);
    }
    d->errors.format_message((j_common_ptr)jpeg, text);
    return error_set(LS_EFORMAT, "damaged JPEG: %s", text);
}

/* What stands behind the last pixel is no reason to do without the picture. */
_Noreturn static void fail(j_common_ptr common)
{
    jpeg_decoder *d = decoder_of(common);
    if (d->drawn) {
        add_oddity(d);
        leave(d, LS_OK);
    }
    d->usable = between_scans(&d->jpeg) ? d->whole : 0;
    leave(d, error_of(d));
}

static bool is_restart(int marker)
{
    return marker >= JPEG_RST0 && marker <= JPEG_RST0 + 7;
}

/* Some blocks are still to come, and not with the marker that is expected before them. */
static boolean find_restart(j_decompress_ptr jpeg, int wanted)
{
    const boolean found = jpeg_resync_to_restart(jpeg, wanted);
    if (jpeg->unread_marker != 0 && !is_restart(jpeg->unread_marker)) {
        leave(decoder_of((j_common_ptr)jpeg), error_set(LS_EFORMAT, "damaged JPEG: it ends early"));
    }
    return found;
}

/* Whether data that is over at a marker goes on behind it: it is one to restart at, in a scan that has them, and one
 * will be wanted in the rows of blocks that are left. */
static bool restart_follows(const struct jpeg_decompress_struct *jpeg)
{
    const size_t rows = jpeg->total_iMCU_rows - jpeg->input_iMCU_row - 1;
    return is_restart(jpeg->unread_marker) && jpeg->restart_interval != 0 &&
           rows * jpeg->MCUs_per_row >= jpeg->restart_interval;
}

/*
 * libjpeg only warns where it makes data up: zero bits after the last byte, nothing at all after a bad arithmetic code.
 * Then the picture's last blocks are missing; before a marker to restart at, which limits the damage, just some. Of
 * other damage it knows no more than that it is there.
 */
static void warn(j_common_ptr common, int level)
{
    jpeg_decoder *d = decoder_of(common);
    if (level >= 0) {
        return;
    }
    common->err->num_warnings++;
    switch (common->err->msg_code) {
    case JWRN_JPEG_EOF:
        d->ended_in_scan = d->ended_in_scan || !between_scans(&d->jpeg);
        d->ended = true;
        return;
    case JWRN_HIT_MARKER:
        if (!restart_follows(&d->jpeg)) {
            leave(d, error_set(LS_EFORMAT, "damaged JPEG: it ends early"));
        }
        add_oddity(d);
        return;
    case JWRN_ARITH_BAD_CODE: fail(common);
    default: add_oddity(d); return;
    }
}

static void stay_silent(j_common_ptr jpeg)
{
    (void)jpeg;
}

bool jpeg_all_seen(const struct jpeg_decompress_struct *jpeg, bool refined)
{
    for (int c = 0; c < jpeg->num_components; c++) {
        if (jpeg->comp_info[c].quant_table == NULL || (jpeg->progressive_mode && jpeg->coef_bits[c][0] < 0)) {
            return false;
        }
        for (int k = 0; refined && jpeg->progressive_mode && k < DCTSIZE2; k++) {
            if (jpeg->coef_bits[c][k] != 0) {
                return false;
            }
        }
    }
    return true;
}

/*
 * Most scans that are read of a picture of this kind and size, as far as its header is known. Each goes over all blocks
 * again, whatever it says of them. Real files have about ten, a few some dozens.
 */
static int most_scans_of(const struct jpeg_decompress_struct *jpeg)
{
    const size_t pixels = (size_t)jpeg->image_width * jpeg->image_height;
    const size_t affordable = pixels > 0 ? IMAGE_MAX_SCANNED / pixels : IMAGE_MAX_SCANS;
    const size_t most = affordable < IMAGE_MAX_SCANS ? affordable : IMAGE_MAX_SCANS;
    return (int)(jpeg->arith_code ? most / ARITHMETIC_COST : most);
}

/* Called before each row of blocks and each group of markers. */
static void watch_scans(j_common_ptr common)
{
    jpeg_decoder *d = decoder_of(common);
    const struct jpeg_decompress_struct *jpeg = &d->jpeg;
    const int most_scans = most_scans_of(jpeg);
    if (jpeg->input_scan_number > most_scans) {
        leave(d, error_set(LS_EFORMAT, "a JPEG of more than %d scans, the most that are read at %u x %u pixels",
                           most_scans, jpeg->image_width, jpeg->image_height));
    }
    if (d->whole == 0 && !d->ended && between_scans(jpeg) && jpeg_all_seen(jpeg, true)) {
        d->whole = d->size - jpeg->src->bytes_in_buffer - (jpeg->unread_marker != 0 ? 2 : 0);
    }
}

void jpeg_write_note(char *out, size_t size, const jpeg_decoder *d)
{
    char more[32] = "";
    if (d->oddities > 1) {
        (void)snprintf(more, sizeof more, ", and %d more", d->oddities - 1);
    }
    if (d->oddities > 0) {
        (void)snprintf(out, size, "%.80s%s%s", d->first, more, d->ended ? "; no end marker" : "");
    } else if (d->coarse) {
        (void)snprintf(out, size, "not all scans of a progressive JPEG are there, so it is coarse");
    } else if (d->ended) {
        (void)snprintf(out, size, "no end marker, but all of the picture is there");
    }
}

void jpeg_events_set(jpeg_decoder *d)
{
    d->jpeg.err = jpeg_std_error(&d->errors);
    d->errors.error_exit = fail;
    d->errors.emit_message = warn;
    d->errors.output_message = stay_silent;
    d->jpeg.client_data = d;
}

void jpeg_events_set_source(jpeg_decoder *d)
{
    d->progress.progress_monitor = watch_scans;
    d->jpeg.progress = &d->progress;
    d->jpeg.src->resync_to_restart = find_restart;
}
