#ifndef LOCKSTEP_DATA_ORDER_H
#define LOCKSTEP_DATA_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which sample stands where: pure functions of (seed, epoch, position), so that every rank, every number of threads
 * and every resumed run sees the same global batches. A position counts samples from the start of the epoch.
 */

typedef enum order_sampling {
    ORDER_NATURAL,  /* each sample as often as any other */
    ORDER_BALANCED, /* each class as often as any other; shuffled */
} order_sampling;

/* Which samples a step takes; keys of section `train` of a configuration. */
typedef struct order_options {
    size_t batch;           /* samples a step, over all ranks */
    size_t shard_size;      /* samples a shard */
    size_t steps_per_epoch; /* 0: once through the split, the last batch may be short */
    uint64_t seed;          /* of starting weights and augmentation too */
    bool shuffle;           /* a new order in each epoch */
    size_t window;          /* shuffle within windows of so many samples (data/order_window.h); 0: all with all */
    size_t run;             /* samples that stay together as the file has them, where there are windows; 0: 1 */
    order_sampling sampling;
} order_options;

/*
 * Steps of an epoch: `steps_per_epoch` where it is not 0, else ceil(samples / batch), whose last batch may be short.
 * batch > 0.
 */
size_t order_steps(size_t samples, size_t batch, size_t steps_per_epoch);

/* Samples in the global batch of this step; 0 from order_steps on. */
size_t order_batch_samples(size_t samples, size_t batch, size_t steps_per_epoch, size_t step);

/* The samples of a class, and which permutation of them is at hand. */
typedef struct order_class {
    uint32_t *samples; /* [count], a part of order.permutation */
    uint32_t *places;  /* [count], a part of order.places: permutation of 0..count-1 */
    size_t count;
    uint64_t epoch, pass;
    bool filled;
} order_class;

/* An epoch's order of the numbers 0..samples-1. Where an epoch passes the end, a further permutation follows. */
typedef struct order {
    uint32_t *permutation; /* [samples], owned; NULL when not shuffled */
    size_t samples;
    uint64_t repeats; /* consecutive positions that a sample stands at, 1 or more */
    uint64_t seed;
    uint64_t epoch;
    uint64_t pass; /* of the permutation at hand */
    bool filled;
    order_class *classes;         /* owned; [class_count], with samples each; NULL where sampling is natural */
    uint32_t *places;             /* owned; [samples] */
    uint32_t *class_order;        /* owned; [class_count], of the round at hand */
    struct order_window *windows; /* owned; NULL: there are none */
    size_t class_count;
} order;

/*
 * Returns 0 or LS_ENOMEM. samples > 0 and below 2^32. shuffle off: ascending. `repeats` is 1, and may be set to more
 * then. Ends with order_release.
 */
int order_init(order *out, size_t samples, uint64_t seed, bool shuffle);

/*
 * Draw classes, not samples, from now on: each position of a round of as many as there are classes with samples is
 * another class, in an order of its own; a class goes through its samples in permutations of them. labels: [samples],
 * below classes. Shuffled orders only. LS_ENOMEM.
 */
int order_balance(order *o, const int32_t *labels, size_t classes);

/* Shuffle within windows from now on, as the options say. Shuffled orders of natural sampling only. LS_ENOMEM. */
int order_narrow(order *o, const order_options *options);

/* The sample at a position of an epoch. Cheap as long as epoch and position / repeats / samples stay the same. */
uint32_t order_sample(order *o, uint64_t epoch, uint64_t position);

void order_release(order *o);

#endif
