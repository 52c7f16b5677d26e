#include "cli/bench_rows.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

static const profile_phase kernel_phase[COST_DIRECTIONS] = {PROFILE_FORWARD, PROFILE_BACKWARD};

static bench_row make_row(size_t layer, cost_direction d, const bench_result *r)
{
    const cost_work *w = &r->layers[layer].work[d];
    const double ranks = (double)r->ranks;
    bench_row row = {.cost = r->layers[layer], .direction = d};
    row.seconds = r->layer_seconds[layer][kernel_phase[d]];
    row.flops = w->flops * (double)r->samples / ranks;
    row.bytes = (w->bytes * (double)r->samples + w->shard_bytes * (double)r->shards) / ranks;
    const double computing = row.flops / r->peak.flops;
    const double moving = row.bytes / r->peak.bytes;
    row.memory_bound = moving > computing;
    row.ideal = row.memory_bound ? moving : computing;
    return row;
}

int bench_rows(bench_row **out, size_t *count, const bench_result *r)
{
    *count = 0;
    *out = calloc(r->layer_count * COST_DIRECTIONS, sizeof **out);
    if (*out == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the rows of layers");
    }
    for (cost_direction d = COST_FORWARD; d < COST_DIRECTIONS; d++) {
        for (size_t i = 0; i < r->layer_count; i++) {
            if (r->layers[i].work[d].bytes > 0) {
                (*out)[(*count)++] = make_row(i, d, r);
            }
        }
    }
    return LS_OK;
}

static double phase_total(const bench_result *r, profile_phase phase)
{
    double sum = 0;
    for (size_t i = 0; i < r->layer_count; i++) {
        sum += r->layer_seconds[i][phase];
    }
    return sum;
}

size_t bench_classes(bench_class *out, const bench_row *rows, size_t count, const bench_result *r)
{
    size_t n = 0;
    for (cost_kind kind = COST_STEM; kind < COST_KINDS; kind++) {
        for (cost_direction d = COST_FORWARD; d < COST_DIRECTIONS; d++) {
            bench_class c = {0};
            (void)snprintf(c.name, sizeof c.name, "%s %s", cost_kind_name(kind), cost_direction_name(d));
            for (size_t i = 0; i < count; i++) {
                if (rows[i].cost.kind == kind && rows[i].direction == d) {
                    c.seconds += rows[i].seconds;
                    c.ideal += rows[i].ideal;
                    c.flops += rows[i].flops;
                    c.bytes += rows[i].bytes;
                }
            }
            if (c.bytes > 0) {
                out[n++] = c;
            }
        }
    }
    out[n++] = (bench_class){.name = "packing of weights", .seconds = phase_total(r, PROFILE_PACK)};
    out[n++] = (bench_class){.name = "collecting of gradients", .seconds = phase_total(r, PROFILE_COLLECT)};
    out[n++] = (bench_class){.name = "BatchNorm reductions",
                             .seconds = phase_total(r, PROFILE_MOMENTS) + phase_total(r, PROFILE_GRADIENT_SUMS)};
    return n;
}
