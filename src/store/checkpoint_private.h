#ifndef LOCKSTEP_STORE_CHECKPOINT_PRIVATE_H
#define LOCKSTEP_STORE_CHECKPOINT_PRIVATE_H

#include "io/h5.h"
#include "store/checkpoint.h"

/* What writing and reading a checkpoint must agree on. */

/* A field of checkpoint_info and what holds it in the file. */
typedef struct checkpoint_field {
    const char *name;
    h5_type type;
    size_t offset;
} checkpoint_field;

enum { CHECKPOINT_NUMBERS = 19, CHECKPOINT_TEXTS = 4 };
/* Of 8 bytes each: attributes of /lockstep. first_weights are a data set. */
extern const checkpoint_field checkpoint_numbers[CHECKPOINT_NUMBERS];
/* The texts: string data sets of one element under /lockstep. */
extern const checkpoint_field checkpoint_texts[CHECKPOINT_TEXTS];

/*
 * The attribute of /lockstep that is not in all files of this format: 1 for CHECKPOINT_TURNED, 0 for
 * CHECKPOINT_AS_STORED. The seal covers it, the checksum of /lockstep does not.
 */
#define CHECKPOINT_ORIENTATION "orientation_applied"

/*
 * Figures that files lack where they are not known (NaN), and older ones: float64. The seal covers them, the checksum
 * of /lockstep does not.
 */
enum { CHECKPOINT_FIGURES = 15 };
extern const checkpoint_field checkpoint_figures[CHECKPOINT_FIGURES];

/* An attribute of /lockstep says that a seal belongs to the file: for people, and to know a file that lost it. */
#define CHECKPOINT_SEAL_NOTE "the last line of this file is its seal"

/*
 * Open for reading, and read /lockstep. The seal is checked first: HDF5 never gets to see a damaged checkpoint. Errors
 * as checkpoint_read_info; both are the caller's to close and to release, after a failure too.
 */
int checkpoint_open(h5_file **out, checkpoint_info *info, const char *path);

/* Every checksum, needing no table: 0, or LS_EFORMAT with what is wrong first. */
int checkpoint_verify_sets(h5_file *f);

/* The table of its network, with the shapes that the file has; as keras_layout_describe. */
int checkpoint_describe(h5_file *f, const checkpoint_info *info, tensor_table *out);

/* checkpoint_read of an open file. */
int checkpoint_state_of(state *s, h5_file *f, const checkpoint_info *info);

/* The paths and checksums of /lockstep; both freed by the caller with free(), after a failure too. */
int checkpoint_read_checksums(h5_file *f, char ***paths, uint64_t **checksums, size_t *count);

/* Whether the file was written for this table: the same paths in the same order. LS_EFORMAT. */
int checkpoint_check_paths(h5_file *f, const tensor_table *t);

/* The values that these name, in their order; a text that is NULL is "". */
const void *checkpoint_number_of(const checkpoint_info *info, size_t i);
double checkpoint_figure_of(const checkpoint_info *info, size_t i);
const char *checkpoint_text_of(const checkpoint_info *info, size_t i);

/* Where the origin is. */
#define CHECKPOINT_ORIGIN "lockstep/origin"

/* The optimizer's vectors: written, read into a state that has them, and verified, needing no table. */
int checkpoint_write_slots(h5_file *f, const state *s);
int checkpoint_read_slots(h5_file *f, state *s);
int checkpoint_verify_slots(h5_file *f);

/* Hash of one data set of float32 or float64, as stored. LS_EFORMAT when it is neither. */
int checkpoint_hash_set(h5_file *f, const char *name, uint64_t *out);

/* Hash of everything in /lockstep: info and the table of checksums. */
uint64_t checkpoint_hash_info(const checkpoint_info *info, const uint64_t *checksums, size_t count);

#endif
