#include "data/augment_sample.h"

#include "base/error.h"
#include "data/augment.h"
#include "data/augment_crop.h"
#include "data/augment_jitter.h"
#include "data/augment_policy.h"

/*
 * What is taken of a picture of this size: a part drawn as `data.augment` or as `augment.crop` has it, or what
 * `data.fit` says.
 */
static resize_cut cut_of(const data_options *o, size_t width, size_t height, chance_place at)
{
    const augment_options *a = &o->augmentation;
    resize_cut cut = {.kernel = RESIZE_LINEAR};
    if (o->augment) {
        cut.box = augment_draw(&cut.mirror, width, height, o->augment_min_scale, at.seed, at.epoch, at.position);
        return cut;
    }
    if (a->crop) {
        cut.box = augment_crop_draw(width, height, &a->part, at);
        cut.alone = true;
        cut.kernel = a->interpolation;
    } else {
        cut.box = resize_fit_box(o->fit, width, height, o->width, o->height);
    }
    cut.mirror = augment_flip_draw(a->flip, at);
    return cut;
}

/* The same part of a reduction of the picture. */
static void reduce_box(resize_box *box, const image_reduction *r)
{
    if (r->width > 0) {
        box->x = r->left + box->x * r->scale;
        box->y = r->top + box->y * r->scale;
        box->width *= r->scale;
        box->height *= r->scale;
    }
}

/* An image_wish. */
static int halvings_of(const void *context, size_t width, size_t height, int orientation)
{
    const augment_wish *w = context;
    const data_options *o = w->options;
    const bool on_its_side = w->turn && orientation >= ORIENTATION_ON_ITS_SIDE;
    const resize_cut cut = cut_of(o, on_its_side ? height : width, on_its_side ? width : height, w->at);
    int halvings = 0;
    double scale = 0.5;
    if (o->decode != DECODE_REDUCED || cut.kernel == RESIZE_NEAREST) { /* the latter takes pixels as they are */
        return 0;
    }
    while (cut.box.width * scale >= (double)(DECODE_MARGIN * o->width) &&
           cut.box.height * scale >= (double)(DECODE_MARGIN * o->height)) {
        halvings++;
        scale /= 2;
    }
    return halvings;
}

image_wish augment_wish_of(const augment_wish *w)
{
    return (image_wish){halvings_of, w};
}

/* out: 0..1, rounded to 8 bits, changed, and brought to the scale. */
static int change_bytes(real *out, const data_options *o, chance_place at, augment_space *s)
{
    const size_t count = o->width * o->height * 3;
    const real unit = o->scale == RESIZE_SIGNED ? (real)127.5 : (real)255;
    const real zero = o->scale == RESIZE_SIGNED ? (real)1 : (real)0;
    int code = image_reserve(&s->picture, o->width, o->height);
    if (code == LS_OK) {
        code = image_reserve(&s->spare, o->width, o->height);
    }
    if (code != LS_OK) {
        return code;
    }
    for (size_t i = 0; i < count; i++) {
        s->picture.pixels[i] = (uint8_t)(out[i] * 255 + (real)0.5);
    }
    augment_policy_apply(&s->picture, &s->spare, &o->augmentation, at);
    if (augment_jitter_wanted(&o->augmentation)) {
        augment_jitter_apply(&s->picture, &o->augmentation, at);
    }
    for (size_t i = 0; i < count; i++) {
        out[i] = (real)s->picture.pixels[i] / unit - zero;
    }
    return LS_OK;
}

/* From 0..1 to what the network was trained on. */
static void standardize(real *out, const data_options *o)
{
    const size_t pixels = o->width * o->height;
    for (size_t c = 0; c < 3; c++) {
        const real mean = (real)o->mean[c];
        const real deviation = (real)o->deviation[c];
        for (size_t i = 0; i < pixels; i++) {
            out[3 * i + c] = (out[3 * i + c] - mean) / deviation;
        }
    }
}

static void erase(real *out, const data_options *o, chance_place at)
{
    const augment_options *a = &o->augmentation;
    const resize_box box = augment_erase_draw(o->width, o->height, &a->erased, a->erase, at);
    for (size_t y = 0; y < (size_t)box.height; y++) {
        real *const line = out + (((size_t)box.y + y) * o->width + (size_t)box.x) * 3;
        for (size_t i = 0; i < (size_t)box.width * 3; i++) {
            line[i] = (real)a->erase_value;
        }
    }
}

int augment_sample(real *out, const image *in, const data_options *options, chance_place at, resize_space *resizing,
                   augment_space *space)
{
    const augment_options *a = &options->augmentation;
    const bool bytes = a->policy != AUGMENT_NO_POLICY || augment_jitter_wanted(a);
    resize_cut cut = cut_of(options, image_whole_width(in), image_whole_height(in), at);
    reduce_box(&cut.box, &in->reduced);
    int code =
        resize_cut_out(out, options->width, options->height, in, &cut, bytes ? RESIZE_UNIT : options->scale, resizing);
    if (code == LS_OK && bytes) {
        code = change_bytes(out, options, at, space);
    }
    if (code == LS_OK && options->scale == RESIZE_STANDARD) {
        standardize(out, options);
    }
    if (code == LS_OK && a->erase > 0) {
        erase(out, options, at);
    }
    return code;
}

void augment_space_release(augment_space *space)
{
    image_release(&space->picture);
    image_release(&space->spare);
}
