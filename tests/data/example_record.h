#ifndef LOCKSTEP_TESTS_EXAMPLE_RECORD_H
#define LOCKSTEP_TESTS_EXAMPLE_RECORD_H

#include "base/protobuf.h"

/* Add an entry to a tf.train.Features: a list of `kind`, 1 (bytes) or 3 (whole numbers), which is empty afterwards. */
static inline void example_add_feature(text_builder *features, const char *key, unsigned kind, text_builder *list)
{
    text_builder feature = {0};
    text_builder entry = {0};
    proto_add_message(&feature, kind, list);
    proto_add_text(&entry, 1, key);
    proto_add_message(&entry, 2, &feature);
    proto_add_message(features, 1, &entry);
}

#endif
