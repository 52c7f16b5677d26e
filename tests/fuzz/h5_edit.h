#ifndef LOCKSTEP_TESTS_FUZZ_H5_EDIT_H
#define LOCKSTEP_TESTS_FUZZ_H5_EDIT_H

#include <stddef.h>
#include <stdint.h>

/*
 * HDF5's own parser is not what the harnesses test (it is known to crash on damaged metadata), so they do not damage
 * bytes. They take a whole file and change, through HDF5, what a file may legally say: types, ranks, sizes, links,
 * layouts, strings, objects that are missing or of another kind. An input is a list of such edits.
 */
typedef struct edit_target {
    const char *object;
    const char *attribute; /* of it; NULL: the object itself */
} edit_target;

/* An edit is this many bytes; h5_edit.c says which does what. */
enum { EDIT_SIZE = 16 };

/* Apply all whole edits of bytes to the file at path. What HDF5 refuses to do is left out. */
void h5_edit_file(const char *path, const edit_target *targets, size_t count, const uint8_t *bytes, size_t size);

/*
 * At the end of an input: no file, data set, group, attribute or named type is open any more. HDF5 loses memory of its
 * own over some files, which is not for LeakSanitizer to report (lsan.supp); what the program forgot would be lost
 * among it. (Types and spaces cannot be counted; the unit tests of io/ run under LeakSanitizer without that exception.)
 */
void h5_edit_check_closed(void);

/*
 * Edit `number` of a walk over every operation, type, space, layout and content for each target, into out [EDIT_SIZE].
 * Returns EDIT_SIZE, or 0 past the last one.
 */
size_t h5_edit_seed(size_t number, size_t targets, uint8_t *out);

/* What external links and external storage name: a pipe without a writer, on which whoever opens it waits for ever. */
void h5_edit_show_trap(void);
void h5_edit_hide_trap(void);

#endif
