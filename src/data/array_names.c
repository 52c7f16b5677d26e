#include "data/array_names.h"

const array_pair array_pairs[ARRAY_PAIRS] = {
    {"x_train", "y_train", DATASET_TRAIN},
    {"x_val", "y_val", DATASET_VAL},
    {"x_test", "y_test", DATASET_TEST},
    {"train_images", "train_labels", DATASET_TRAIN},
    {"val_images", "val_labels", DATASET_VAL},
    {"test_images", "test_labels", DATASET_TEST},
    {"train_set_x", "train_set_y", DATASET_TRAIN},
    {"test_set_x", "test_set_y", DATASET_TEST},
    {"images", "labels", DATASET_TRAIN},
    {"x", "y", DATASET_TRAIN},
    {"X", "y", DATASET_TRAIN},
};
