#include "cli/run_memory.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "data/dataset.h"
#include "train/features.h"
#include "train/session.h"

int run_memory_of(run_memory *out, const session_options *o, int ranks)
{
    enum { CLASSES = 10 };
    dataset *data = NULL;
    *out = (run_memory){.classes = CLASSES};
    if (dataset_open_unread(&data, o->data.file) == LS_OK) {
        out->classes = dataset_classes(data);
        out->need.held = dataset_memory(data) + features_memory(o, data);
        out->samples = dataset_count(data, DATASET_TRAIN);
    } else {
        (void)snprintf(out->problem, sizeof out->problem, "%s", error_message());
    }
    const size_t ahead = data != NULL ? session_read_ahead(o, data, ranks) : 0;
    dataset_free(data);
    const int code = memory_plan_of(&out->plan, o, out->classes, ranks);
    if (code == LS_OK) {
        out->need.planned = out->plan.total + ahead;
    }
    return code;
}
