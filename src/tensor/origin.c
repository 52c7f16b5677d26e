#include "tensor/origin.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const origin_span *origin_last(const origin *o)
{
    return o->count == 0 ? NULL : &o->spans[o->count - 1];
}

static void make_room(origin *o)
{
    (void)snprintf(o->spans[0].kernels, ORIGIN_NAME_SIZE, "several");
    memmove(&o->spans[1], &o->spans[2], (ORIGIN_SPANS - 2) * sizeof o->spans[0]);
    o->count--;
}

void origin_add(origin *o, uint64_t step, const char *kernels, const char *numbers)
{
    if (o->count > 0 && o->spans[o->count - 1].step == step) {
        o->count--;
    }
    const origin_span *last = origin_last(o);
    if (last != NULL && strcmp(last->kernels, kernels) == 0 && strcmp(last->numbers, numbers) == 0) {
        return;
    }
    if (o->count == ORIGIN_SPANS) {
        make_room(o);
    }
    origin_span *added = &o->spans[o->count++];
    *added = (origin_span){.step = step};
    (void)snprintf(added->kernels, sizeof added->kernels, "%s", kernels);
    (void)snprintf(added->numbers, sizeof added->numbers, "%s", numbers);
}

static const char unknown[] = "unknown";

void origin_add_unknown(origin *o)
{
    origin_add(o, 0, unknown, unknown);
}

char *origin_describe(char *out, size_t size, const origin *o)
{
    size_t used = 0;
    (void)snprintf(out, size, "%s", o->count == 0 ? "not known" : "");
    for (size_t i = 0; i < o->count && used < size; i++) {
        const origin_span *span = &o->spans[i];
        const char *kernels = strcmp(span->kernels, ORIGIN_ANY_PATH) == 0 ? "" : span->kernels;
        const char *numbers = strcmp(span->kernels, unknown) == 0 ? "" : span->numbers;
        int n = snprintf(out + used, size - used, "%s%s%s%s", i == 0 ? "" : ", then ", kernels,
                         *kernels != '\0' && *numbers != '\0' ? " " : "", numbers);
        used += n > 0 ? (size_t)n : 0;
        if (i + 1 < o->count && used < size) {
            n = snprintf(out + used, size - used, " to step %" PRIu64, span[1].step);
            used += n > 0 ? (size_t)n : 0;
        }
    }
    return out;
}
