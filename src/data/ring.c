#include "data/ring.h"

#include <stdlib.h>

#include "base/size.h"
#include "data/mix.h"
#include "data/order.h"

bool ring_mixes(const loader_options *o)
{
    return o->input.augmentation.mix.mixup > 0 || o->input.augmentation.mix.cutmix > 0;
}

resolution ring_most(const loader_options *o)
{
    return resolution_room(&o->input.resolution, (resolution){o->input.height, o->input.width});
}

/*
 * The samples that a slot needs room for (no batch gives a rank more shards; where pictures are mixed, one more) and
 * the bytes of their images.
 */
static bool slot_size(size_t *room, size_t *bytes, const loader_options *o)
{
    const shard_range whole = shard_range_of(o->order.batch, o->order.shard_size, 0, 1);
    if (size_mul(room, whole.total / (size_t)o->size + 1, o->order.shard_size) != 0) {
        return false;
    }
    *room += ring_mixes(o) ? 1 : 0;
    const resolution most = ring_most(o);
    const size_t each = o->features != NULL ? o->features->width : most.height * most.width * 3;
    return size_mul(bytes, *room, each) == 0 && size_mul(bytes, *bytes, sizeof(real)) == 0;
}

size_t ring_memory(const loader_options *o)
{
    size_t room = 0;
    size_t bytes = 0;
    return slot_size(&room, &bytes, o) ? o->ahead * (bytes + room * 3 * sizeof(int32_t)) : 0;
}

int ring_create(ring_slot **out, const loader_options *o)
{
    size_t room = 0;
    size_t bytes = 0;
    *out = NULL;
    if (!slot_size(&room, &bytes, o)) {
        return error_set(LS_EUSAGE, "data: a batch of %zu pictures of %zu x %zu is too large", o->order.batch,
                         o->input.width, o->input.height);
    }
    *out = calloc(o->ahead, sizeof **out);
    for (ring_slot *s = *out; s != NULL && s < *out + o->ahead; s++) {
        s->images = calloc(bytes, 1);
        s->labels = malloc(room * sizeof(int32_t));
        if (ring_mixes(o)) {
            s->others = malloc(room * sizeof(int32_t));
            s->shares = malloc(room * sizeof(float));
        }
        if (s->images == NULL || s->labels == NULL || (ring_mixes(o) && (s->others == NULL || s->shares == NULL))) {
            return error_set(LS_ENOMEM, "data: no memory for %zu batches of %zu pictures", o->ahead, room);
        }
    }
    return *out != NULL ? LS_OK : error_set(LS_ENOMEM, "data: no memory for %zu batches", o->ahead);
}

void ring_free(ring_slot *slots, const loader_options *o)
{
    for (size_t i = 0; slots != NULL && i < o->ahead; i++) {
        free(slots[i].images);
        free(slots[i].labels);
        free(slots[i].others);
        free(slots[i].shares);
    }
    free(slots);
}

size_t ring_sample(const loader_options *o)
{
    return o->features != NULL ? o->features->width : o->input.height * o->input.width * 3;
}

void ring_prepare(ring_slot *s, const loader_options *o, size_t samples, size_t step)
{
    const size_t total = order_batch_samples(samples, o->order.batch, o->order.steps_per_epoch, step);
    s->range = shard_range_of(total, o->order.shard_size, (size_t)o->rank, (size_t)o->size);
    s->wanted = s->range.samples + (ring_mixes(o) && s->range.samples > 0 ? 1 : 0);
    s->done = 0;
    s->mixed = false;
    s->failure.code = LS_OK;
    s->prepared = true;
}

size_t ring_place(const ring_slot *s, size_t i)
{
    const shard_range *r = &s->range;
    if (i < r->samples) {
        return r->first_sample + i;
    }
    return r->first_sample > 0 ? r->first_sample - 1 : r->all_samples - 1;
}

void ring_mix(ring_slot *s, const loader_options *o, uint64_t epoch, size_t step)
{
    const size_t pixels = o->input.height * o->input.width * 3;
    const mix m = mix_draw(&o->input.augmentation.mix, o->input.width, o->input.height, o->order.seed, epoch, step);
    for (size_t i = s->range.samples; i-- > 0;) {
        const size_t before = i > 0 ? i - 1 : s->range.samples;
        mix_picture(&m, s->images + i * pixels, s->images + before * pixels, o->input.width, o->input.height);
        s->others[i] = s->labels[before];
        s->shares[i] = (float)m.share;
    }
}
