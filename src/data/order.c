#include "data/order.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/random.h"
#include "data/order_window.h"

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

/* Cut permutation and places up into classes; those without samples are left out. */
static void cut_classes(order *o, const int32_t *labels, size_t classes)
{
    size_t at = 0;
    for (size_t k = 0; k < classes; k++) {
        order_class *c = &o->classes[o->class_count];
        *c = (order_class){.samples = o->permutation + at, .places = o->places + at};
        for (size_t i = 0; i < o->samples; i++) {
            if ((size_t)labels[i] == k) {
                c->samples[c->count++] = (uint32_t)i;
            }
        }
        at += c->count;
        o->class_count += c->count > 0 ? 1 : 0;
    }
}

int order_balance(order *o, const int32_t *labels, size_t classes)
{
    o->classes = calloc(classes, sizeof *o->classes);
    o->class_order = calloc(classes, sizeof *o->class_order);
    o->places = calloc(o->samples, sizeof *o->places);
    if (o->classes == NULL || o->class_order == NULL || o->places == NULL) {
        return error_set(LS_ENOMEM, "data: no memory for the order of %zu samples", o->samples);
    }
    cut_classes(o, labels, classes);
    return LS_OK;
}

int order_narrow(order *o, const order_options *options)
{
    const int code = order_window_create(&o->windows, o->samples, options);
    if (code == LS_OK) {
        free(o->permutation);
        o->permutation = NULL;
    }
    return code;
}

/* The class at place `at` of a round. */
static size_t class_of(order *o, uint64_t epoch, uint64_t round, size_t at)
{
    if (!o->filled || o->epoch != epoch || o->pass != round) {
        random_permutation(o->class_order, o->class_count, o->seed, random_stream(RANDOM_CLASSES, epoch, round));
        o->epoch = epoch;
        o->pass = round;
        o->filled = true;
    }
    return o->class_order[at];
}

static uint32_t balanced_sample(order *o, uint64_t epoch, uint64_t drawn)
{
    const uint64_t round = drawn / o->class_count; /* in which a class is drawn once */
    const size_t k = class_of(o, epoch, round, (size_t)(drawn % o->class_count));
    order_class *c = &o->classes[k];
    const uint64_t pass = round / c->count;
    if (!c->filled || c->epoch != epoch || c->pass != pass) {
        random_permutation(c->places, c->count, o->seed,
                           random_stream(RANDOM_CLASS_SAMPLES, epoch, pass * o->class_count + k));
        c->epoch = epoch;
        c->pass = pass;
        c->filled = true;
    }
    return c->samples[c->places[round % c->count]];
}

uint32_t order_sample(order *o, uint64_t epoch, uint64_t position)
{
    const uint64_t drawn = position / o->repeats;
    if (o->classes != NULL) {
        return balanced_sample(o, epoch, drawn);
    }
    if (o->windows != NULL) {
        return order_window_sample(o->windows, epoch, drawn);
    }
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
    free(o->classes);
    free(o->class_order);
    free(o->places);
    order_window_free(o->windows);
    *o = (order){0};
}
