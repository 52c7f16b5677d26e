#include "data/dataset_check.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "data/image.h"

void dataset_check_pictures(dataset *d, bool decode, problems *found)
{
    dataset_buffer buffer = {0};
    image decoded = {0};
    for (size_t i = 0; i < dataset_samples(d); i++) {
        const uint8_t *bytes = NULL;
        size_t size = 0;
        int code = dataset_read(d, i, dataset_samples(d) - i, &buffer, &bytes, &size);
        if (code != LS_OK) {
            problems_add_error(found, dataset_path(d));
        } else if (decode) {
            code = dataset_decode(d, &decoded, bytes, size, NULL);
            if (code != LS_OK) {
                problems_add(found, "picture %s: %s", dataset_name(d, i), error_message());
            }
        }
    }
    image_release(&decoded);
    free(buffer.bytes);
}
