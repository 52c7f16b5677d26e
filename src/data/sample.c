#include "data/sample.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/trace.h"
#include "data/orientation.h"

static const trace_label reading = {"read", "loading", {NULL}};
static const trace_label decoding = {"decode", "loading", {"bytes"}};
static const trace_label augmenting = {"augment", "loading", {NULL}};

/* What the thread has computed from *since on goes to this part. */
static void spend(sample_space *space, loader_part part, double *since)
{
    const double now = clock_thread();
    space->spent[part] += now - *since;
    *since = now;
}

int sample_make(real *out, const loader_options *options, uint32_t index, const uint8_t *bytes, size_t size,
                uint64_t epoch, uint64_t position, sample_space *space)
{
    const chance_place at = {.seed = options->order.seed, .epoch = epoch, .position = position};
    const augment_wish use = {.options = &options->input, .at = at, .turn = options->turn};
    const image_wish wish = augment_wish_of(&use);
    double since = clock_thread();
    trace_begin_of(&decoding, (int64_t)size);
    space->decoded.background = options->input.background;
    int code = dataset_decode(options->data, &space->decoded, bytes, size, &wish);
    if (code == LS_OK && options->turn) {
        code = orientation_turn(&space->decoded, &space->turned);
    }
    trace_end();
    spend(space, LOADER_DECODING, &since);
    if (code != LS_OK) {
        return error_prefix(code, "%s: picture %s", dataset_path(options->data), dataset_name(options->data, index));
    }
    trace_begin(&augmenting);
    code = augment_sample(out, &space->decoded, &options->input, at, &space->resizing, &space->augmenting);
    trace_end();
    spend(space, LOADER_MAKING, &since);
    return code;
}

int sample_load(real *out, const loader_options *options, uint32_t index, size_t run, uint64_t epoch, uint64_t position,
                sample_space *space)
{
    const uint8_t *bytes = NULL;
    size_t size = 0;
    const double before = clock_seconds();
    trace_begin(&reading);
    const int code = dataset_read(options->data, index, run, &space->encoded, &bytes, &size);
    trace_end();
    space->spent[LOADER_READING] += clock_seconds() - before;
    return code == LS_OK ? sample_make(out, options, index, bytes, size, epoch, position, space) : code;
}

void sample_space_release(sample_space *space)
{
    free(space->encoded.bytes);
    image_release(&space->decoded);
    image_release(&space->turned);
    resize_space_release(&space->resizing);
    augment_space_release(&space->augmenting);
    *space = (sample_space){0};
}
