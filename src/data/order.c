#include "data/order.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/random.h"

size_t order_steps(size_t samples, size_t batch, size_t steps_per_epoch)
{
    return steps_per_epoch != 0 ? steps_per_epoch : samples / batch + (samples % batch != 0);
}

size_t order_batch_samples(size_t samples, size_t batch, size_t steps_per_epoch, size_t step)
{
    if (step >= order_steps(samples, batch, steps_per_epoch)) {
        return 0;
    }
    if (steps_per_epoch != 0 || samples - step * batch >= batch) {
        return batch;
    }
    return samples - step * batch;
}

int order_init(order *out, size_t samples, uint64_t seed, bool shuffle)
{
    *out = (order){.samples = samples, .repeats = 1, .seed = seed};
    if (shuffle) {
        out->permutation = malloc(samples * sizeof *out->permutation);
        if (out->permutation == NULL) {
            return error_set(LS_ENOMEM, "data: no memory for the order of %zu samples", samples);
        }
    }
    return LS_OK;
}

uint32_t order_sample(order *o, uint64_t epoch, uint64_t position)
{
    const uint64_t drawn = position / o->repeats;
    const uint64_t pass = drawn / o->samples;
    const size_t place = (size_t)(drawn % o->samples);
    if (o->permutation == NULL) {
        return (uint32_t)place;
    }
    if (!o->filled || o->epoch != epoch || o->pass != pass) {
        random_permutation(o->permutation, o->samples, o->seed, random_stream(RANDOM_ORDER, epoch, pass));
        o->epoch = epoch;
        o->pass = pass;
        o->filled = true;
    }
    return o->permutation[place];
}

void order_release(order *o)
{
    free(o->permutation);
    *o = (order){0};
}
