#include "train/class_weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static int balance(double *out, const dataset *data)
{
    const size_t classes = dataset_classes(data);
    const double pictures = (double)dataset_count(data, DATASET_TRAIN);
    size_t *counts = calloc(classes + 1, sizeof *counts);
    if (counts == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the weights of classes");
    }
    dataset_count_classes(data, DATASET_TRAIN, counts);
    for (size_t k = 0; k < classes; k++) {
        out[k] = counts[k] > 0 ? pictures / ((double)classes * (double)counts[k]) : 0;
    }
    free(counts);
    return LS_OK;
}

static int read_list(double *out, const char *text, const dataset *data)
{
    const size_t classes = dataset_classes(data);
    const char *at = text;
    for (size_t k = 0; k < classes; k++) {
        char *end = NULL;
        out[k] = strtod(at, &end);
        const bool ends = *end == (k + 1 < classes ? ',' : '\0');
        if (end == at || !ends || !isfinite(out[k]) || out[k] < 0) {
            return error_set(LS_EUSAGE,
                             "loss.class_weights is '%s'; give none, balanced, or %zu numbers from 0 with commas "
                             "between, one for each class of %s",
                             text, classes, dataset_path(data));
        }
        at = end + 1;
    }
    return LS_OK;
}

int class_weights_of(double **out, const char *asked, const dataset *data)
{
    *out = NULL;
    if (asked == NULL || strcmp(asked, "none") == 0) {
        return LS_OK;
    }
    *out = calloc(dataset_classes(data) + 1, sizeof **out);
    if (*out == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the weights of classes");
    }
    if (strcmp(asked, "balanced") == 0) {
        return balance(*out, data);
    }
    return read_list(*out, asked, data);
}
