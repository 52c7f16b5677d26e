#include "data/span.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/shards.h"

/*
 * What lies between two samples of the rank's, such as pictures of another split, is read with them where it is less
 * than a seek is worth, and less than they are.
 */
enum { MOST_PIECE = 4 << 20, MOST_GAP = 128 << 10 };

size_t span_most(const span_options *o, size_t steps)
{
    const shard_range whole = shard_range_of(o->order.batch, o->order.shard_size, 0, 1);
    return steps * ((whole.total / (size_t)o->size + 1) * o->order.shard_size + (o->mixes ? 1 : 0));
}

int span_create(span *s, size_t most)
{
    s->samples = calloc(most, sizeof *s->samples);
    s->places = calloc(most, sizeof *s->places);
    return s->samples != NULL && s->places != NULL
               ? LS_OK
               : error_set(LS_ENOMEM, "data: no memory to read %zu pictures ahead", most);
}

void span_release(span *s)
{
    free(s->samples);
    free(s->places);
    free(s->bytes);
    *s = (span){0};
}

static int by_number(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a;
    const uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void add_step(span *s, const span_options *o, order *way, uint64_t epoch, size_t step)
{
    const order_options *by = &o->order;
    const size_t total = order_batch_samples(o->samples, by->batch, by->steps_per_epoch, step);
    const shard_range r = shard_range_of(total, by->shard_size, (size_t)o->rank, (size_t)o->size);
    const size_t more = o->mixes && r.samples > 0 ? 1 : 0;
    for (size_t i = 0; i < r.samples + more; i++) {
        const size_t before = r.first_sample > 0 ? r.first_sample - 1 : r.all_samples - 1;
        const uint64_t place = i < r.samples ? r.first_sample + i : before;
        s->samples[s->uses++] = o->indices[order_sample(way, epoch, (uint64_t)step * by->batch + place)];
    }
}

void span_list(span *s, const span_options *o, order *way, uint64_t epoch, size_t first, size_t end)
{
    s->uses = s->count = 0;
    for (size_t step = first; step < end; step++) {
        add_step(s, o, way, epoch, step);
    }
    qsort(s->samples, s->uses, sizeof *s->samples, by_number);
    for (size_t i = 0; i < s->uses; i++) {
        if (s->count == 0 || s->samples[s->count - 1] != s->samples[i]) {
            s->samples[s->count++] = s->samples[i];
        }
    }
}

/* Bytes from where one of the samples begins to where another one does. */
static size_t bytes_between(const span *s, const span_options *o, size_t from, size_t to)
{
    return dataset_span(o->data, s->samples[from], s->samples[to] - s->samples[from]);
}

size_t span_piece(const span *s, const span_options *o, size_t from)
{
    size_t last = dataset_span(o->data, s->samples[from], 1);
    size_t own = last;
    size_t end = from + 1;
    for (; end < s->count; end++) {
        const size_t each = dataset_span(o->data, s->samples[end], 1);
        const size_t before = bytes_between(s, o, from, end);
        const size_t gap = bytes_between(s, o, end - 1, end) - last;
        if (before + each > MOST_PIECE || gap > MOST_GAP || before - own > own) {
            break;
        }
        own += each;
        last = each;
    }
    return end;
}

/* Of a piece, with what lies between its samples. */
static size_t piece_bytes(const span *s, const span_options *o, size_t from, size_t end)
{
    return bytes_between(s, o, from, end - 1) + dataset_span(o->data, s->samples[end - 1], 1);
}

bool span_make_room(span *s, const span_options *o)
{
    size_t bytes = 0;
    for (size_t from = 0; from < s->count;) {
        const size_t end = span_piece(s, o, from);
        bytes += piece_bytes(s, o, from, end);
        from = end;
    }
    if (bytes > s->room) {
        free(s->bytes);
        s->bytes = malloc(bytes);
        s->room = s->bytes != NULL ? bytes : 0;
    }
    return bytes <= s->room;
}

uint8_t *span_read(span *s, const span_options *o, size_t from, size_t end, uint8_t *to)
{
    const uint32_t first = s->samples[from];
    const int code = dataset_read_span(o->data, first, s->samples[end - 1] - first + 1, to);
    for (size_t i = from; i < end; i++) {
        s->places[i] = code == LS_OK ? to + bytes_between(s, o, from, i) : NULL;
    }
    return to + piece_bytes(s, o, from, end);
}

size_t span_find(const span *s, uint32_t sample)
{
    const uint32_t *found = bsearch(&sample, s->samples, s->count, sizeof *s->samples, by_number);
    return found != NULL ? (size_t)(found - s->samples) : s->count;
}
