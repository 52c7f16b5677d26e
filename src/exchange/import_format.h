#ifndef LOCKSTEP_EXCHANGE_IMPORT_FORMAT_H
#define LOCKSTEP_EXCHANGE_IMPORT_FORMAT_H

#include <stdbool.h>

#include "exchange/import.h"
#include "exchange/source.h"

/*
 * A format of files with weights, for exchange/import: how such a file is told from others, and what it holds as a
 * source of named tensors. Each is a file of its own, import_<format>.c, and a name in the list below.
 */
enum { IMPORT_START = 16 };

/* A file, and once it is open what it holds. */
typedef struct import_file {
    const char *path;         /* not owned */
    char start[IMPORT_START]; /* its first bytes; zeros behind its end */
    source *s;                /* its tensors, in `own`; NULL: it is not open yet */
    /*
     * Which network's names those are, as far as the file tells: s->convention, or where both networks of Keras have
     * such names, the likelier.
     */
    names_convention likely;
    bool is_either; /* the other network of Keras is as good an answer */
    void *own;      /* the format's: made by `open`, freed by `close` */
} import_file;

typedef struct import_format {
    const char *name;                                      /* for people: "safetensors"; NULL: it is refused */
    int (*is)(bool *out, const import_file *f);            /* whether a file is of the format */
    int (*open)(import_file *f);                           /* fill in what follows the first bytes */
    int (*facts)(const import_file *f, import_facts *out); /* what it says besides its convention; NULL: nothing */
    void (*finish)(const import_file *f, state *out);      /* what a state has besides tensors; NULL: nothing */
    void (*close)(import_file *f);                         /* also after a failure of `open`; NULL: nothing to do */
} import_format;

/* All of them, in the order in which each is asked whether a file is its own. A new one is a file and its name here. */
#define IMPORT_FORMATS(format)                                                                                         \
    format(import_safetensors) format(import_pickle) format(import_checkpoint) format(import_keras)

#define IMPORT_FORMAT_DECLARED(name) extern const import_format name;
IMPORT_FORMATS(IMPORT_FORMAT_DECLARED)
#undef IMPORT_FORMAT_DECLARED

/* Whether a file begins as HDF5 or zip files do, in which several formats are. */
bool import_is_hdf5(const import_file *f);
bool import_is_zip(const import_file *f);

/* How pixels become the network's input, in facts. */
void import_set_pixels(import_facts *f, const double mean[3], const double deviation[3]);

#endif
