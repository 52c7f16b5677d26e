#ifndef LOCKSTEP_MODEL_NETWORK_H
#define LOCKSTEP_MODEL_NETWORK_H

#include "model/model.h"

/* The article's MobileNetV2: a stem to 32 channels, a first block to 16, 16 bottlenecks, a head of 1280. */
enum { NETWORK_ROWS = 16, NETWORK_STEM = 32, NETWORK_FIRST = 16, NETWORK_HEAD = 1280 };

/* A bottleneck: expand to 6 * filters, depthwise with stride, project to out; shortcut: plus its input. */
typedef struct network_row {
    size_t filters, out;
    int stride, shortcut;
} network_row;

extern const network_row network_rows[NETWORK_ROWS];

#endif
