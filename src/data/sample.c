#include "data/sample.h"

#include <stdlib.h>

#include "base/error.h"
#include "data/augment.h"
#include "data/orientation.h"

int sample_load(real *out, const loader_options *options, uint32_t index, size_t run, uint64_t epoch, uint64_t position,
                sample_space *space)
{
    const uint8_t *bytes = NULL;
    size_t size = 0;
    int code = dataset_read(options->data, index, run, &space->encoded, &bytes, &size);
    if (code != LS_OK) {
        return code;
    }
    code = image_decode(&space->decoded, bytes, size);
    if (code == LS_OK && options->turn) {
        code = orientation_turn(&space->decoded, &space->turned);
    }
    if (code != LS_OK) {
        return error_prefix(code, "%s: picture %s", dataset_path(options->data), dataset_name(options->data, index));
    }
    bool mirror = false;
    const size_t width = space->decoded.width;
    const size_t height = space->decoded.height;
    const resize_box box =
        options->input.augment
            ? augment_draw(&mirror, width, height, options->input.augment_min_scale, options->order.seed, epoch,
                           position)
            : resize_fit_box(options->input.fit, width, height, options->input.width, options->input.height);
    return resize_picture(out, options->input.width, options->input.height, &space->decoded, box, mirror,
                          options->input.scale, &space->resizing);
}

void sample_space_release(sample_space *space)
{
    free(space->encoded.bytes);
    image_release(&space->decoded);
    image_release(&space->turned);
    resize_space_release(&space->resizing);
    *space = (sample_space){0};
}
