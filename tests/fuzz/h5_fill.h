#ifndef LOCKSTEP_TESTS_FUZZ_H5_FILL_H
#define LOCKSTEP_TESTS_FUZZ_H5_FILL_H

#include <hdf5.h>
#include <stddef.h>
#include <stdint.h>

/* What stands in a data set or attribute. */
enum { FILL_KINDS = 8 };

/* The values that an object had, in its own type; bytes NULL where there are none, or too many. */
typedef struct fill_values {
    hid_t type;     /* owned; < 0: none */
    uint8_t *bytes; /* owned */
    size_t size;    /* bytes */
} fill_values;

/* source: an open data set, or an attribute. */
void fill_take(fill_values *out, hid_t source);
void fill_release(fill_values *v);

/* Write to an open data set or attribute: `kind` chooses what; old values may be among it. */
void fill_write(hid_t target, unsigned kind, uint64_t number, const fill_values *old);

/* Change one element of an open data set or attribute to number or, where it holds text, to a text. */
void fill_poke(hid_t target, unsigned element, uint64_t number);

#endif
