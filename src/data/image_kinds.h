#ifndef LOCKSTEP_DATA_IMAGE_KINDS_H
#define LOCKSTEP_DATA_IMAGE_KINDS_H

#include "data/image.h"

/* Which kinds of picture files there are, and which of them this build reads. */

typedef int image_decoder(image *out, const uint8_t *bytes, size_t size);

/* NULL where files of the kind are not read. */
image_decoder *image_kind_decoder(image_kind kind);

#endif
