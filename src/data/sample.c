#include "data/sample.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/trace.h"
#include "data/orientation.h"

static const trace_label reading = {"read", "loading", {NULL}};
static const trace_label decoding = {"decode", "loading", {"bytes"}};
static const trace_label augmenting = {"augment", "loading", {NULL}};

int sample_load(real *out, const loader_options *options, uint32_t index, size_t run, uint64_t epoch, uint64_t position,
                sample_space *space)
{
    const uint8_t *bytes = NULL;
    size_t size = 0;
    trace_begin(&reading);
    int code = dataset_read(options->data, index, run, &space->encoded, &bytes, &size);
    trace_end();
    if (code != LS_OK) {
        return code;
    }
    trace_begin_of(&decoding, (int64_t)size);
    space->decoded.background = options->input.background;
    code = image_decode(&space->decoded, bytes, size);
    if (code == LS_OK && options->turn) {
        code = orientation_turn(&space->decoded, &space->turned);
    }
    trace_end();
    if (code != LS_OK) {
        return error_prefix(code, "%s: picture %s", dataset_path(options->data), dataset_name(options->data, index));
    }
    const chance_place at = {.seed = options->order.seed, .epoch = epoch, .position = position};
    trace_begin(&augmenting);
    code = augment_sample(out, &space->decoded, &options->input, at, &space->resizing, &space->augmenting);
    trace_end();
    return code;
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
