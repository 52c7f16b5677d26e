#ifndef LOCKSTEP_TESTS_FUZZ_H5_MAKE_H
#define LOCKSTEP_TESTS_FUZZ_H5_MAKE_H

#include <hdf5.h>
#include <stddef.h>
#include <stdint.h>

/* The odd types, spaces and layouts that an edit chooses from. Identifiers are closed by the caller; < 0: none. */
enum { MAKE_TYPES = 34, MAKE_SPACES = 18, MAKE_LAYOUTS = 14, MAKE_TEXTS = 14 };

/* Choice 0: a copy of `same`. */
hid_t make_type(unsigned choice, uint64_t number, hid_t same);
hid_t make_space(unsigned choice, uint64_t number, hid_t same);

/* A creation list for a data set of that type and space. *writable: 0 where writing would leave the file or take GiB.
 */
hid_t make_layout(unsigned choice, uint64_t number, hid_t type, hid_t space, int *writable);

/* A text, of any length. */
const char *make_text(uint64_t number);

/* Where links and storage outside the file lead. */
const char *make_trap(void);

#endif
